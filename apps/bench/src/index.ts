export { compareResults, countRegressions, formatComparison } from './compare/compare.js';
export { writeReport } from './report/report.js';
export { readResults, validateResults } from './report/validate-results.js';
export type * from './results/results-file.js';
