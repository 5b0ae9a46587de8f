import { definePlugin } from '@espalier/core';
import { __METHOD_CAMEL__ } from './__METHOD__.js';

export { type MultisetEvent, multisetMaximum } from './multiset-maximum.js';
export { __METHOD_CAMEL__ };

export default definePlugin({
  name: '__PACKAGE__',
  algorithms: [__METHOD_CAMEL__],
  scenarios: () => import('./scenarios.js'),
});
