import { join } from 'node:path';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { goldenChecks } from '@espalier/testkit/node';
import { beforeAll, test } from 'vitest';
import golden from '../src/golden.js';

beforeAll(() => cpuRuntime.activate());

for (const check of await goldenChecks(join(import.meta.dirname, 'golden'), golden))
  test(check.name, check.run);
