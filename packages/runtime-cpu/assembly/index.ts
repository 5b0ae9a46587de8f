export { QUERY_BLOCK } from './attention';
export * from './pieces';
export { gemmRoom } from './gemm';
export { ARGUMENTS, CONTROL_BYTES, initialize, run, WORKERS, work } from './threads';
export { TRANSPOSE_BLOCK } from './transpose';
