import { definePlugin } from '@espalier/core';
import { __METHOD_CAMEL__ } from './__METHOD__.js';

export { type RootProblem, type RootSolution, rootOfFunction } from './root-of-function.js';
export { __METHOD_CAMEL__ };

export default definePlugin({
  name: '__PACKAGE__',
  algorithms: [__METHOD_CAMEL__],
  scenarios: () => import('./scenarios.js'),
});
