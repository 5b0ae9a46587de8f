export { exitCheck } from './exit-check.js';
export { goldenChecks } from './golden-checks.js';
export { pluginPackageChecks } from './plugin-package-checks.js';
