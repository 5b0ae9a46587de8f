import { join } from 'node:path';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { goldenChecks } from '@espalier/testkit/node';
import { test } from 'vitest';
import golden from '../src/golden.js';

await cpuRuntime.activate();

for (const check of await goldenChecks(join(import.meta.dirname, 'golden'), golden))
  test(check.name, check.run);
