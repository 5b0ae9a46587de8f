/** What differs between Node and the browser; `#platform` in package.json chooses the file. */
export interface Platform {
  /** tfjs's WebAssembly file, without network. */
  tfjsWasm(build: 'simd' | 'threaded-simd'): Promise<Uint8Array<ArrayBuffer>>;
  /** Starts a thread for each entry; none of them keeps the process alive. */
  startWorkers(entries: readonly WorkerEntry[]): void;
  /** Registers the gradients of tfjs's own kernels, which tfjs-core alone leaves out. */
  registerGradients(): Promise<void>;
  /** Cores that this process may use. */
  cores(): number;
  /** An environment variable; always undefined in the browser. */
  setting(name: string): string | undefined;
  /** The native BLAS of the system. */
  findBlas(setting: string | undefined, threads: number): Promise<BlasSearch>;
}

/** What a worker needs to enter `work` of our module. */
export interface WorkerEntry {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly room: number;
}

/** A native BLAS, or why there is none. */
export type BlasSearch =
  | { readonly found: true; readonly blas: Blas }
  | {
      readonly found: false;
      /** `wanted`: the user named a library that cannot be used, which is an error. */
      readonly severity: 'optional' | 'wanted';
      readonly reason: string;
      readonly remedy: string;
    };

/** Matrix products by a native library, on addresses of this process. */
export interface Blas {
  /** Name and version as far as the library tells. */
  readonly name: string;
  readonly path: string;
  readonly threads: number;
  /** Address of byte 0 of a buffer. */
  addressOf(buffer: ArrayBuffer | SharedArrayBuffer): number;
  /** Row-major C = A B + beta C; A is m x k, or k x m and taken transposed; B alike. Addresses, leading dimensions. */
  sgemm(
    transposeA: boolean,
    transposeB: boolean,
    m: number,
    n: number,
    k: number,
    a: number,
    aRow: number,
    b: number,
    bRow: number,
    beta: number,
    c: number,
    cRow: number,
  ): void;
}
