import { RuntimeUnavailableError } from './errors.js';
import { mark } from './mark.js';
import { nearestNames } from './nearest-names.js';

/** What a runtime found out about this machine, without changing anything. */
export type Probe =
  | { readonly available: true; readonly device: Readonly<Record<string, string | number | boolean>> }
  | { readonly available: false; readonly reason: string; readonly remedy: string };

/** Which implementation of a kernel runs where, for `describe`. */
export interface KernelReport {
  readonly kernel: string;
  /** Such as `wasm`, `blas`, `espalier-simd`, `fallback: cpu`. */
  readonly implementation: string;
}

/** A place where tensors live and kernels run: one tfjs backend with its kernels. */
export interface Runtime {
  readonly name: string;
  readonly summary: string;
  /** Name of the tfjs backend that `activate` selects. */
  readonly backend: string;
  /** `auto` takes the available runtime of the highest preference: cpu 0, webgpu 10, cuda 20. */
  readonly preference: number;
  /** Says whether the runtime works here, honestly: `available` means that `activate` will succeed. */
  probe(): Promise<Probe>;
  /** Registers and selects the tfjs backend and its kernels. Calling it again changes nothing. */
  activate(): Promise<void>;
  /** Which implementation each kernel has; after `activate`. */
  kernels?(): readonly KernelReport[];
}

/** Marks a runtime, so that every copy of core knows it. */
export function defineRuntime<const R extends Runtime>(runtime: R): R {
  return mark('runtime', { ...runtime });
}

/** A runtime and the sentence that says why it was chosen. */
export interface RuntimeChoice {
  readonly runtime: Runtime;
  readonly why: string;
}

/**
 * Chooses among `runtimes`; activates nothing.
 * @param wanted a name, or `auto` for the available runtime of the highest preference
 * @throws RuntimeUnavailableError with the reason and the remedy of every runtime that was ruled out
 */
export async function selectRuntime(wanted: string, runtimes: readonly Runtime[]): Promise<RuntimeChoice> {
  const candidates = runtimes
    .filter(({ name }) => wanted === 'auto' || name === wanted)
    .sort((a, b) => b.preference - a.preference);
  if (candidates.length === 0) {
    const names = runtimes.map(({ name }) => name);
    const near = nearestNames(wanted, names);
    throw new RuntimeUnavailableError(
      names.length === 0 ? 'No runtime is installed.' : `There is no runtime '${wanted}'.`,
      {
        remedy:
          names.length === 0
            ? 'Install one: npm install @espalier/runtime-cpu.'
            : `Installed: ${near.concat(names.filter((name) => !near.includes(name))).join(', ')}.`,
      },
    );
  }
  const refusals: string[] = [];
  for (const runtime of candidates) {
    const probe = await runtime.probe();
    if (probe.available) {
      const why =
        wanted === 'auto'
          ? ['the most capable that is available', ...refusals].join('; ')
          : 'asked for by name';
      return { runtime, why: `${runtime.name}: ${why}` };
    }
    refusals.push(`${runtime.name} is not available: ${probe.reason} ${probe.remedy}`);
  }
  throw new RuntimeUnavailableError(refusals.join(' '));
}
