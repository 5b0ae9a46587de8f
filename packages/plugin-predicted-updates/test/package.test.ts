import { fileURLToPath } from 'node:url';
import { pluginPackageChecks } from '@espalier/testkit/node';
import { test } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));
for (const check of await pluginPackageChecks(folder)) test(check.name, check.run, 30_000);
