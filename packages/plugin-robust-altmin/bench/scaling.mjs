import { processorClock } from '../../../tools/bench/processor-clock.mjs';
import { fittedExponent } from '../dist/claims-time.js';
import { lowRankProblem, robustAltmin } from '../dist/index.js';

const PER_ROW = 100;
const RANK = 10;
const SERIES = [
  { name: 'robust-altmin, one thread', options: {}, theory: 1 },
  { name: 'robust-altmin, two threads', options: { threads: 2 }, theory: 1 },
  { name: 'altmin-exact, one thread', options: { solver: 'exact-cholesky' }, theory: 1 },
];

/** Seconds of one iteration against the number of observations, and the fitted exponents. */
export async function measureScaling(most, threads) {
  const counts = [1e5, 3e5, 1e6, 3e6, 1e7].filter((count) => count <= most);
  const series = SERIES.filter(({ options }) => (options.threads ?? 1) <= threads).map((entry) => ({
    ...entry,
    seconds: [],
  }));
  for (const count of counts) {
    const rows = count / PER_ROW;
    const { problem } = lowRankProblem({ rows, columns: rows, rank: RANK, density: PER_ROW / rows }, 1);
    for (const { name, options, seconds } of series) {
      console.error(`${count} observations: ${name}`);
      seconds.push(await secondsOfIteration(problem, options));
    }
  }
  for (const entry of series) entry.exponent = fittedExponent(counts, entry.seconds);
  return { counts, series };
}

/** Milliseconds of processor time, which other programs on the machine disturb less; on several threads of wall-clock. */
function now(threads) {
  return (threads > 1 ? performance : processorClock).now();
}

/** Between the first and the last progress report of a run; the fastest of some runs, of one where a run is long. */
export async function secondsOfIteration(problem, options, iterations = 3) {
  const fixed = { tolerance: 0, residualTolerance: 0, restart: 'never', start: 'random' };
  const solver = robustAltmin.create({ ...fixed, ...options, maxIterations: 1 + iterations });
  const rounds = problem.observed.values.length * problem.rank > 2e7 ? 1 : 3;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const times = [];
    await solver.solve(problem, { onProgress: () => times.push(now(options.threads)) });
    best = Math.min(best, (times.at(-1) - times[0]) / iterations / 1_000);
  }
  return best;
}

const COLOURS = ['#1b6ca8', '#2a9d5c', '#b5541c'];

/** A log-log plot; the dashed line is the theory's slope through the first point of the first series. */
export function scalingSvg({ counts, series }) {
  const [width, height, margin] = [640, 420, 60];
  const all = series.flatMap(({ seconds }) => seconds);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (count) =>
    margin +
    ((Math.log(count) - Math.log(counts[0])) / Math.log(counts.at(-1) / counts[0])) * (width - margin - 200);
  const y = (seconds) =>
    height - margin - ((Math.log(seconds) - Math.log(low)) / Math.log(high / low)) * (height - 2 * margin);
  const path = (points) =>
    points.map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(' ');
  const first = series[0].seconds[0];
  const ideal = path([
    [counts[0], first],
    [counts.at(-1), (first * counts.at(-1)) / counts[0]],
  ]);
  const lines = series.map(({ name, seconds, exponent }, k) => {
    const points = counts.map((count, i) => [count, seconds[i]]);
    const dots = points.map(
      ([a, b]) => `<circle cx="${x(a).toFixed(1)}" cy="${y(b).toFixed(1)}" r="3" fill="${COLOURS[k]}"/>`,
    );
    const label = `<text x="${(x(counts.at(-1)) + 8).toFixed(1)}" y="${(y(seconds.at(-1)) + 4).toFixed(1)}" fill="${COLOURS[k]}">${name}: ${exponent.toFixed(2)}</text>`;
    return `<path d="${path(points)}" fill="none" stroke="${COLOURS[k]}" stroke-width="2"/>${dots.join('')}${label}`;
  });
  const ticks = counts.map(
    (count) =>
      `<text x="${x(count).toFixed(1)}" y="${height - margin + 20}" text-anchor="middle">${count.toExponential(0).replace('e+', 'e')}</text>`,
  );
  const marks = [low, high].map(
    (seconds) =>
      `<text x="${margin - 8}" y="${y(seconds).toFixed(1)}" text-anchor="end">${(1_000 * seconds).toPrecision(2)} ms</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<title>Time of one iteration against observed entries</title>
<rect width="${width}" height="${height}" fill="white"/>
<text x="${margin}" y="24" font-size="14">Time of one iteration against observed entries (rank ${RANK}); fitted exponents, theory 1 (dashed)</text>
<path d="M${margin},${margin - 20} V${height - margin} H${width - 190}" fill="none" stroke="#888"/>
<path d="${ideal}" fill="none" stroke="#888" stroke-dasharray="5 4"/>
${lines.join('\n')}
${ticks.join('')}
${marks.join('')}
</svg>
`;
}
