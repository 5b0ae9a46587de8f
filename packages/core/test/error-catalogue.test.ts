import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as core from '../src/index.js';
import { ERROR_CODES, EspalierError, isEspalierError } from '../src/index.js';

describe('the error catalogue', () => {
  it('has a section in docs/errors.md for every code, and no other', async () => {
    const page = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
    expect([...page.matchAll(/^## (.+)$/gm)].map(([, code]) => code)).toEqual([...ERROR_CODES]);
  });

  it('has a class for every code', () => {
    const codes = Object.values(core as Record<string, unknown>)
      .filter((value) => typeof value === 'function' && value.prototype instanceof EspalierError)
      .map((value) => new (value as new (message: string) => EspalierError)('what happened.').code);
    expect([...codes].sort()).toEqual([...ERROR_CODES].sort());
  });

  it('puts the remedy into the message and keeps the cause', () => {
    const cause = new Error('below');
    const error = new core.NumericalError('It diverged.', { remedy: 'Regularise it.', cause });
    expect(error.message).toBe('It diverged. Regularise it.');
    expect(error.cause).toBe(cause);
    expect(error.name).toBe('NumericalError');
    expect(error.documentation).toBe('docs/errors.md#numerical');
  });

  it('is recognised by mark and code', () => {
    const error = new core.UnsupportedError('no');
    expect(isEspalierError(error)).toBe(true);
    expect(isEspalierError(error, 'unsupported')).toBe(true);
    expect(isEspalierError(error, 'numerical')).toBe(false);
    expect(isEspalierError(new Error('unsupported'))).toBe(false);
    expect(isEspalierError(undefined)).toBe(false);
  });
});
