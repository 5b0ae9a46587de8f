import { expect, test } from 'vitest';
import type { Platform } from '../src/platform.js';
import * as browser from '../src/platform-browser.js';
import * as node from '../src/platform-node.js';

const platforms: Readonly<Record<string, Platform>> = { browser, node };

test.each(['simd', 'threaded-simd'] as const)(
  'the %s file of tfjs is the same in Node and in a bundle',
  async (build) => {
    const [bundled, read] = await Promise.all([
      platforms.browser!.tfjsWasm(build),
      platforms.node!.tfjsWasm(build),
    ]);
    expect(Buffer.compare(bundled, read)).toBe(0);
  },
);

test('a browser has no native BLAS and no settings, and says so', async () => {
  expect(browser.setting('ESPALIER_BLAS')).toBeUndefined();
  expect(await browser.findBlas()).toMatchObject({ found: false, severity: 'optional' });
});

test('a file that is no BLAS is refused with what is wrong and what to do', async () => {
  const search = await node.findBlas('libc.so.6', 1);
  expect(search).toMatchObject({ found: false, severity: 'wanted' });
  expect(!search.found && search.reason).toMatch(/cblas_sgemm/);
});

test('without a wish, a machine without BLAS is told how to get one, and one with BLAS gets it', async () => {
  const search = await node.findBlas(undefined, 2);
  if (search.found) {
    expect(search.blas.name.length).toBeGreaterThan(0);
    const numbers = Float32Array.of(1, 2, 3, 4, 0, 0, 0, 0);
    const base = search.blas.addressOf(numbers.buffer);
    search.blas.sgemm(true, false, 2, 2, 2, base, 2, base, 2, 0, base + 16, 2);
    expect([...numbers.subarray(4)]).toEqual([10, 14, 14, 20]);
  } else {
    expect(search.remedy).toMatch(/ESPALIER_BLAS|OpenBLAS/);
  }
});
