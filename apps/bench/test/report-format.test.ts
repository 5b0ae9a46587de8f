import { describe, expect, test } from 'vitest';
import { formatBytes, formatNumber, formatTick, formatTime, formatTimeTick } from '../src/report/format.js';
import { html, raw, slug } from '../src/report/html.js';
import { logTicks } from '../src/report/plots/axes.js';

test.each([
  [0, '0'],
  [56_199, '56,199'],
  [1_234_567, '1,234,567'],
  [-0.5, '−0.5'],
  [0.123456789, '0.12346'],
  [3.14159e-12, '3.142e−12'],
  [2.5e9, '2.5e9'],
  [Number.POSITIVE_INFINITY, '∞'],
])('the number %d reads %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [0.1234, '0.12 ms'],
  [340, '340 ms'],
  [999.7, '1 s'],
  [2543, '2.54 s'],
  [59_960, '1 min'],
  [200_000, '3 min 20 s'],
  [3_599_800, '1 h'],
  [3_900_000, '1 h 5 min'],
])('%d milliseconds read %s', (ms, text) => {
  expect(formatTime(ms)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1023, '1,020 B'],
  [1024, '1 KiB'],
  [1.5 * 1024 ** 2, '1.5 MiB'],
  [32 * 1024 ** 3, '32 GiB'],
])('%d bytes read %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('ticks are short', () => {
  expect([1e-9, 1e-3, 0.1, 1, 1000, 1e5].map(formatTick)).toEqual([
    '10⁻⁹',
    '10⁻³',
    '0.1',
    '1',
    '1,000',
    '10⁵',
  ]);
  expect([0.1, 10, 1000, 100_000].map(formatTimeTick)).toEqual(['0.1 ms', '10 ms', '1 s', '100 s']);
});

describe('logarithmic ticks', () => {
  test('are whole decades over a long range, at most six', () => {
    expect(logTicks(0.5e-2, 2e2)).toEqual([0.01, 0.1, 1, 10, 100]);
    expect(logTicks(1e-12, 1)).toEqual([1e-12, 1e-9, 1e-6, 1e-3, 1]);
  });

  test('are 1, 2, 5 over a short one and even steps within one', () => {
    expect(logTicks(0.9, 11)).toEqual([1, 2, 5, 10]);
    expect(logTicks(118, 122)).toEqual([118, 119, 120, 121, 122]);
  });
});

describe('html', () => {
  test('escapes text and leaves markup', () => {
    const name = `<script>alert("x" & 'y')</script>`;
    expect(html`<b title="${name}">${name}</b>`.markup).toBe(
      '<b title="&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;">&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;</b>',
    );
    expect(html`${raw('<i>')}${html`<u>${'<'}</u>`}`.markup).toBe('<i><u>&lt;</u>');
  });

  test('joins lists, leaves out what is absent, keeps zero', () => {
    expect(html`${['a', html`<br>`]}${undefined}${false}${null}${0}`.markup).toBe('a<br>0');
  });

  test('slugs are words joined by hyphens', () => {
    expect(slug('scenario', 'A B/c – ü!')).toBe('scenario-a-b-c-ü');
  });
});
