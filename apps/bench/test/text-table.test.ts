import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortNumber, shortTime, textTable } from '../src/text-table.js';

describe('textTable', () => {
  it('aligns columns and pads nothing at the end', () => {
    expect(
      textTable(
        ['name', 'n'],
        [
          ['a', '1'],
          ['longer', ''],
        ],
      ),
    ).toBe('name    n\n------  -\na       1\nlonger');
  });

  it('wraps the widest column at words where the terminal is narrow', () => {
    expect(
      textTable(
        ['name', 'reason'],
        [
          ['a', 'one two three four'],
          ['b', 'five'],
        ],
        19,
      ),
    ).toBe(
      ['name  reason', '----  -------------', 'a     one two three', '      four', 'b     five'].join('\n'),
    );
  });

  it('puts a cell with line breaks on one line', () => {
    expect(textTable(['x'], [['a\n  b']])).toBe('x\n---\na b');
  });

  it('fits the width, and loses no word', () => {
    const word = fc.stringMatching(/^[a-z]{1,10}$/);
    const cell = fc.array(word, { maxLength: 30 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 }), (rows) => {
        const text = textTable(['a', 'b', 'c'], rows, 40);
        for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
        const words = (table: string) =>
          table
            .split(/\s+/)
            .filter((part) => /[a-z]/.test(part))
            .sort();
        expect(words(text)).toEqual(words(['a b c', ...rows.flat()].join(' ')));
      }),
    );
  });
});

it.each([
  [undefined, ''],
  [0, '0'],
  [12, '12'],
  [1234.5678, '1234.6'],
  [1e-9, '1.00e-9'],
  [123456789, '1.23e+8'],
])('shortNumber(%j) is %j', (value, text) => {
  expect(shortNumber(value)).toBe(text);
});

it.each([
  [undefined, ''],
  [1.25, '1.3 ms'],
  [999, '999 ms'],
  [1500, '1.5 s'],
])('shortTime(%j) is %j', (value, text) => {
  expect(shortTime(value)).toBe(text);
});
