import { isMarked, mark } from './mark.js';

/** Every code that an error of Espalier can carry; `docs/errors.md` has a section for each. */
export const ERROR_CODES = [
  'invalid-options',
  'invalid-problem',
  'invalid-data',
  'unsupported',
  'numerical',
  'aborted',
  'unknown-algorithm',
  'duplicate-name',
  'incompatible-plugin',
  'plugin-failed',
  'runtime-unavailable',
] as const;

/** See {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What an error says beside its message. */
export interface ErrorDetails {
  /** What the reader can do about it, one sentence. */
  readonly remedy?: string | undefined;
  /** The error below this one. */
  readonly cause?: unknown;
}

/**
 * The root of all errors that Espalier throws on purpose. Recognise them with {@link isEspalierError}, which works
 * across copies of core, not with `instanceof`.
 */
export class EspalierError extends Error {
  /** The entry of the error catalogue. */
  readonly code: ErrorCode;
  /** What the reader can do about it. */
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(
      details.remedy ? `${message} ${details.remedy}` : message,
      details.cause === undefined ? {} : { cause: details.cause },
    );
    this.name = new.target.name;
    this.code = code;
    this.remedy = details.remedy;
    mark('error', this);
  }

  /** Where the documentation explains this code. */
  get documentation(): string {
    return `docs/errors.md#${this.code}`;
  }
}

/** Options that the algorithm's schema refuses: which one, what was given, what is allowed. */
export class InvalidOptionsError extends EspalierError {
  constructor(message: string, details?: ErrorDetails) {
    super('invalid-options', message, details);
  }
}

/** A problem, model or event that cannot be worked on: NaN or infinite numbers, wrong shapes, empty or infeasible input. */
export class InvalidProblemError extends EspalierError {
  constructor(message: string, details?: ErrorDetails) {
    super('invalid-problem', message, details);
  }
}

/** A file or stored state that is damaged or of another format. */
export class InvalidDataError extends EspalierError {
  constructor(message: string, details?: ErrorDetails) {
    super('invalid-data', message, details);
  }
}

/** A valid request that this algorithm, runtime or platform does not carry out. */
export class UnsupportedError extends EspalierError {
  constructor(message: string, details?: ErrorDetails) {
    super('unsupported', message, details);
  }
}

/** Arithmetic that broke down: divergence, a singular system, overflow. */
export class NumericalError extends EspalierError {
  constructor(message: string, details?: ErrorDetails) {
    super('numerical', message, details);
  }
}

/** The caller's `AbortSignal` fired. `partial` holds what had been reached, when the algorithm can say. */
export class AbortedError extends EspalierError {
  readonly partial: unknown;
  constructor(message: string, details?: ErrorDetails & { readonly partial?: unknown }) {
    super('aborted', message, details);
    this.partial = details?.partial;
  }
}

/** A name that no installed plugin brings. */
export class UnknownAlgorithmError extends EspalierError {
  constructor(message: string, details?: ErrorDetails) {
    super('unknown-algorithm', message, details);
  }
}

/** Two plugins, algorithms or runtimes that claim one name. */
export class DuplicateNameError extends EspalierError {
  constructor(message: string, details?: ErrorDetails) {
    super('duplicate-name', message, details);
  }
}

/** A plugin made for another version of core's interfaces. */
export class IncompatiblePluginError extends EspalierError {
  constructor(message: string, details?: ErrorDetails) {
    super('incompatible-plugin', message, details);
  }
}

/** A plugin whose module threw while it was loading, or exports no plugin. */
export class PluginFailedError extends EspalierError {
  constructor(message: string, details?: ErrorDetails) {
    super('plugin-failed', message, details);
  }
}

/** A runtime that this machine cannot offer: the reason and the remedy. */
export class RuntimeUnavailableError extends EspalierError {
  constructor(message: string, details?: ErrorDetails) {
    super('runtime-unavailable', message, details);
  }
}

/** Whether `value` is an error of Espalier (of any copy of core), optionally of one `code`. */
export function isEspalierError(value: unknown, code?: ErrorCode): value is EspalierError {
  return isMarked('error', value) && (code === undefined || (value as EspalierError).code === code);
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
