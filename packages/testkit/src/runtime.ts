export { type KernelCase, type KernelInput, kernelChecks } from './runtime/kernel-checks.js';
export {
  type CheckedOp,
  measureOp,
  type OpCheckOptions,
  type OpError,
  opChecks,
} from './runtime/op-checks.js';
export { runtimeChecks } from './runtime/runtime-checks.js';
