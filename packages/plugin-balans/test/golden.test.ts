import { fileURLToPath } from 'node:url';
import { goldenChecks } from '@espalier/testkit/node';
import { test } from 'vitest';
import golden from '../src/golden.js';

const folder = fileURLToPath(new URL('./golden', import.meta.url));
for (const check of await goldenChecks(folder, golden)) test(check.name, check.run, 30_000);
