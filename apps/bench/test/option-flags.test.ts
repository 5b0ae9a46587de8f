import { defineProblemFamily, defineSolver } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import { parseOptionFlags } from '../src/commands/solve.js';

const jsonSchema = {
  type: 'object',
  properties: {
    label: { type: 'string' },
    step: { type: 'number' },
    inner: { type: 'object', properties: { name: { type: 'string' }, depth: { type: 'integer' } } },
  },
};
const standard = {
  version: 1 as const,
  vendor: 'test',
  validate: (value: unknown) => ({ value: value as object }),
  jsonSchema: { input: () => jsonSchema, output: () => jsonSchema },
};
const algorithm = defineSolver({
  name: 'flags',
  summary: 'Takes options.',
  options: { '~standard': standard },
  solves: defineProblemFamily<number, number>({
    name: 'none',
    summary: 'none',
    formats: [],
    solutionToJson: (solution) => solution,
  }),
  create: () => ({ solve: async (problem: number) => problem }),
});

describe('parseOptionFlags', () => {
  it.each([
    { flags: [], options: {} },
    { flags: ['step=0.5'], options: { step: 0.5 } },
    { flags: ['step=1e-3'], options: { step: 0.001 } },
    { flags: ['label=5'], options: { label: '5' } },
    { flags: ['label=a=b'], options: { label: 'a=b' } },
    { flags: ['label='], options: { label: '' } },
    { flags: ['inner.depth=3', 'inner.name=7'], options: { inner: { depth: 3, name: '7' } } },
    { flags: ['inner={"depth":3}', 'inner.name=x'], options: { inner: { depth: 3, name: 'x' } } },
    { flags: ['other=[1,2]'], options: { other: [1, 2] } },
    { flags: ['other=word'], options: { other: 'word' } },
    { flags: ['step=1', 'step=2'], options: { step: 2 } },
  ])('$flags', ({ flags, options }) => {
    expect(parseOptionFlags(algorithm, flags)).toEqual(options);
  });

  it.each(['step', '=1', ''])('refuses %j', (flag) => {
    expect(() => parseOptionFlags(algorithm, [flag])).toThrow('key=value');
  });
});
