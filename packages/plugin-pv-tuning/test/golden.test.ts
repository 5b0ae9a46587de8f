import { join } from 'node:path';
import { goldenChecks } from '@espalier/testkit/node';
import { test } from 'vitest';
import golden from '../src/golden.js';

for (const check of await goldenChecks(join(import.meta.dirname, 'golden'), golden))
  test(check.name, check.run);
