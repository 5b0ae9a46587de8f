import { definePlugin } from '@espalier/core';
import { cpuRuntime, describeKernels } from './cpu-runtime.js';

export { cpuRuntime, describeKernels };

/** The runtime as a plugin, for programs that discover what is installed. */
export default definePlugin({ name: '@espalier/runtime-cpu', algorithms: [], runtimes: [cpuRuntime] });
