const numberFormats = new Map<number, Intl.NumberFormat>();

function withDigits(value: number, digits: number): string {
  let format = numberFormats.get(digits);
  if (!format) {
    format = new Intl.NumberFormat('en', { maximumSignificantDigits: digits });
    numberFormats.set(digits, format);
  }
  return format.format(value);
}

/** A figure for a table: `digits` significant digits at most, powers of ten beyond 10,000,000 and below 0.001. */
export function formatNumber(value: number, digits = 5): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [mantissa, exponent] = value.toExponential(Math.min(digits, 4) - 1).split('e');
    return `${Number(mantissa)}e${Number(exponent)}`.replaceAll('-', '−');
  }
  // Whole numbers below the limit keep all their digits: 56,199 must not become 56,200.
  return withDigits(value, Number.isInteger(value) ? 8 : digits).replace('-', '−');
}

/** A duration with the unit that suits it: `0.12 ms`, `340 ms`, `2.5 s`, `3 min 20 s`, `1 h 5 min`. */
export function formatTime(ms: number): string {
  if (!Number.isFinite(ms)) return formatNumber(ms);
  if (ms < 999.5) return `${withDigits(ms, ms < 1 ? 2 : 3)} ms`;
  if (ms < 59_950) return `${withDigits(ms / 1000, 3)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return joinUnits(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  return joinUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

/** Bytes in binary units: `512 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power =
    bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10 + Number.EPSILON), units.length - 1);
  return `${withDigits(bytes / 1024 ** power, 3)} ${units[power]}`;
}

/** A share as a percentage: `66.7 %`. */
export function formatShare(share: number): string {
  return `${withDigits(share * 100, 3)} %`;
}

/** `1 trial`, `3 trials`. */
export function formatCount(count: number, noun: string): string {
  return `${withDigits(count, 12)} ${noun}${count === 1 ? '' : 's'}`;
}

/** An instant of an ISO 8601 string for people, in UTC; what cannot be read as one stays as it is. */
export function formatInstant(iso: string): string {
  const instant = new Date(iso);
  if (Number.isNaN(instant.getTime())) return iso;
  return `${instant.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** The label of a tick: short, powers of ten with superscripts (`10⁻⁹`). */
export function formatTick(value: number): string {
  const exponent = Math.log10(Math.abs(value));
  if (Number.isInteger(exponent) && (exponent <= -3 || exponent >= 5)) {
    return `${value < 0 ? '−' : ''}10${superscript(exponent)}`;
  }
  return formatNumber(value, 6);
}

/** The label of a tick on an axis of milliseconds: `10 ms`, `1 s`, `100 s`. */
export function formatTimeTick(ms: number): string {
  return ms < 1000 ? `${formatTick(ms)} ms` : `${formatTick(ms / 1000)} s`;
}

function joinUnits(major: number, majorUnit: string, minor: number, minorUnit: string): string {
  return minor === 0 ? `${major} ${majorUnit}` : `${major} ${majorUnit} ${minor} ${minorUnit}`;
}

function superscript(exponent: number): string {
  const digits = '⁰¹²³⁴⁵⁶⁷⁸⁹';
  return [...String(exponent)].map((sign) => (sign === '-' ? '⁻' : digits[Number(sign)])).join('');
}
