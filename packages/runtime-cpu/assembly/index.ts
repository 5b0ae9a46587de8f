export { PATCH_ROOM } from './conv2d';
export { QUERY_BLOCK } from './attention';
export * from './pieces';
export { gemmRoom } from './gemm';
export { ARGUMENTS, CONTROL_BYTES, initialize, run, WORKERS, work } from './threads';
export { TRANSPOSE_BLOCK } from './transpose';
export { ABS, EXP, NEG, RECIPROCAL, RELU, RSQRT, SIGMOID, SQRT, SQUARE, STEP } from './unary';
export { ADD, MAXIMUM, MINIMUM, MULTIPLY, REAL_DIV, SQUARED_DIFFERENCE, SUB } from './binary';
export { CODEBOOK, DECODED, INTEGERS, N_OF_M } from './decoded-matmul';
