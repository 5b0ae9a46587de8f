import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeReport } from '../src/report/report.js';
import { THEME } from '../src/report/theme.js';
import { emptyResults, sampleResults } from './fixtures/sample-results.js';

const candidates = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = await firstThatExists(candidates.flatMap((path) => path ?? []));

// On a build server the browser is part of the set-up: there its absence is a failure, not a reason to skip.
const withoutBrowser = executablePath === undefined && !process.env.CI;
if (withoutBrowser) {
  console.warn(
    'report-page.test.ts is skipped: no Chromium found. Install it (`apt-get install chromium`) or set CHROMIUM_PATH.',
  );
}

describe.skipIf(withoutBrowser)('the report in a browser, from disk and offline', () => {
  let browser: Browser;
  let folder: string;
  const urls: Record<string, string> = {};

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'espalier-report-'));
    for (const [name, results] of Object.entries({ full: sampleResults(), empty: emptyResults() })) {
      const path = join(folder, `${name}.html`);
      await writeFile(path, writeReport(results));
      urls[name] = pathToFileURL(path).href;
    }
    browser = await chromium.launch({
      ...(executablePath && { executablePath }),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  async function open(name: string, { scheme = 'light', width = 1280, scripts = true }: View = {}) {
    const context = await browser.newContext({
      colorScheme: scheme,
      viewport: { width, height: 800 },
      offline: true,
      javaScriptEnabled: scripts,
    });
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(urls[name]!);
    return { page, requests, complaints };
  }

  for (const scheme of ['light', 'dark'] as const) {
    for (const width of [375, 1280]) {
      for (const name of ['full', 'empty']) {
        test(`${name}, ${scheme}, ${width} px: no request, no complaint, no sideways scrolling`, async () => {
          const { page, requests, complaints } = await open(name, { scheme, width });
          await page.evaluate(() => {
            for (const folded of document.querySelectorAll('details')) folded.open = true;
          });
          expect(requests.filter((url) => url !== urls[name] && url !== 'data:,')).toEqual([]);
          expect(complaints).toEqual([]);
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
          expect(await widerThanTheirBox(page)).toEqual([]);
          await page.context().close();
        });
      }
    }
  }

  test('follows the system, and the switch wins over it', async () => {
    const { page } = await open('full', { scheme: 'dark' });
    expect(await surface(page)).toBe(rgb(THEME.surface![1]));
    await page.getByRole('button', { name: 'Light' }).click();
    expect(await surface(page)).toBe(rgb(THEME.surface![0]));
    await page.getByRole('button', { name: 'Dark' }).click();
    expect(await surface(page)).toBe(rgb(THEME.surface![1]));
    await page.context().close();
  });

  test('sorts a table by a click on a heading', async () => {
    const { page } = await open('full');
    const table = page.locator('#scenario-pruning-vision table.matrix');
    const names = () => table.locator('tbody th').allInnerTexts();
    await table.getByRole('button', { name: 'digits-32' }).click();
    expect((await names())[0]).toBe('random-mask');
    await table.getByRole('button', { name: 'digits-32' }).click();
    expect((await names())[0]).toBe('block-wise');
    expect(await table.locator('th[aria-sort=descending]').count()).toBe(1);
    await page.context().close();
  });

  test('says everything with scripts off', async () => {
    const { page, complaints } = await open('full', { scripts: false });
    expect(await page.locator('.theme').isVisible()).toBe(false);
    expect(await page.getByText('does not hold', { exact: false }).first().isVisible()).toBe(true);
    expect(await page.locator('figure svg').first().isVisible()).toBe(true);
    expect(complaints.filter((text) => !text.includes('Blocked script execution'))).toEqual([]);
    await page.context().close();
  });
});

/** Text and lines must be told from what they stand on; the figures are those of WCAG 2.2. */
describe('the colours', () => {
  const schemes = [
    ['light', 0],
    ['dark', 1],
  ] as const;
  test.each(schemes)('have enough contrast in %s', (_name, scheme) => {
    const contrastOf = (front: string, back: string) => contrast(THEME[front]![scheme], THEME[back]![scheme]);
    for (const tone of ['good', 'warn', 'bad', 'plain']) {
      expect(contrastOf(`${tone}-text`, `${tone}-surface`)).toBeGreaterThan(4.5);
    }
    for (const back of ['page', 'surface', 'raised', 'best-surface']) {
      for (const front of ['text', 'muted', 'accent']) expect(contrastOf(front, back)).toBeGreaterThan(4.5);
    }
    for (const role of Object.keys(THEME).filter((name) => name.startsWith('series-'))) {
      expect(contrastOf(role, 'surface')).toBeGreaterThan(3);
    }
  });
});

interface View {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly scripts?: boolean;
}

async function firstThatExists(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) return path;
  }
  return undefined;
}

/** Elements that stick out of the page to the right and are in no container that scrolls. */
function widerThanTheirBox(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('main *')]
      .filter((element) => !element.closest('.table-scroll, .hidden, svg'))
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
      .map((element) => element.outerHTML.slice(0, 120)),
  );
}

function surface(page: Page): Promise<string> {
  return page.evaluate(() => getComputedStyle(document.querySelector('section')!).backgroundColor);
}

function channels(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

function rgb(hex: string): string {
  return `rgb(${channels(hex).join(', ')})`;
}

function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const [red, green, blue] = channels(hex).map((channel) => {
      const share = channel / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright! + 0.05) / (dark! + 0.05);
}
