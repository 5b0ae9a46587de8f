export { cholesky, solveLower, solveLowerTransposed } from './cholesky';
export { csrMatvec, csrMatvecTransposed, csrProximalSweep } from './csr';
export { expAffineCompact, expAffineSums } from './exp-affine';
export { exp, log } from './exp-log';
export { gemm } from './gemm';
export { gemv, gemvTransposed } from './gemv';
export {
  logSumExpAffineColsUpdate,
  logSumExpAffineRows,
  logSumExpColsStart,
  logSumExpColsUpdate,
  logSumExpFinish,
  logSumExpRows,
} from './log-sum-exp';
export { axpy, dot } from './vector';
