import { describe, expect, it } from 'vitest';
import { dynamicGraph, fitPredictor, fromTimestamps, predictedUpdates, readUpdateLog } from '../src/index.js';

describe('a log in CSV', () => {
  const text = 'time,op,u,v,w\n0.5,ins,0,1,3\n2,+,1,2,4\n1,insert,0,1,3\n3,del,0,1\n4,-,0,1\n';

  it('is replayed in order of time, parallel edges apart', () => {
    const log = readUpdateLog(text);
    expect(log.updates).toEqual([
      ['ins', '0-1'],
      ['ins', '0-1#2'],
      ['ins', '1-2'],
      ['del', '0-1#2'],
      ['del', '0-1'],
    ]);
    const algorithm = predictedUpdates.create();
    expect(log.events.map((event) => algorithm.process(event).value)).toEqual([3, 2, 2, 1, 1, 2]);
  });

  it('may name its vertices', () => {
    const log = readUpdateLog('1,ins,paris,rome\n2,ins,rome,oslo');
    expect([log.vertices, log.labels]).toEqual([3, ['paris', 'rome', 'oslo']]);
  });

  it.each([
    ['', 'no rows'],
    ['1,ins,0', 'Line 1'],
    ['1,ins,0,1\n2,move,0,1', 'Line 2'],
    ['1,ins,0,1,0.5', 'Line 1'],
    ['1,del,0,1', 'not there'],
    ['1,ins,0,1,2\n2,del,0,1\n3,ins,0,1,5', 'two weights'],
  ])('is refused where it is wrong: %j', (bad, message) => {
    expect(() => readUpdateLog(bad)).toThrow(message);
  });

  it('is one of the formats of the family, JSON the other', async () => {
    const read = (extension: string, content: string) =>
      dynamicGraph.formats
        .find(({ extensions }) => extensions.includes(extension))!
        .read(new TextEncoder().encode(content));
    expect(await read('csv', text)).toHaveLength(6);
    expect(await read('json', '[{"op":"query","query":["edges"]}]')).toHaveLength(1);
    for (const bad of ['{', '{}', '[1]'])
      expect(() => read('json', bad)).toThrow(expect.objectContaining({ code: 'invalid-data' }));
  });
});

describe('timestamps', () => {
  it('become slots, those of one time in the order given', () => {
    const updates = fromTimestamps([
      { time: 9, op: 'del', id: 'a' },
      { time: 1, op: 'ins', id: 'a' },
      { time: 9, op: 'ins', id: 'b' },
    ]);
    expect(updates).toEqual([
      ['ins', 'a'],
      ['del', 'a'],
      ['ins', 'b'],
    ]);
    expect(() => fromTimestamps([{ time: Number.NaN, op: 'ins', id: 0 }])).toThrow('finite');
  });
});

describe('a predictor', () => {
  // Lifetimes 1, 1, 4: mean 2, median 1.
  const prefix = [
    ['ins', 'a'],
    ['del', 'a'],
    ['ins', 'b'],
    ['del', 'b'],
    ['ins', 'c'],
    ['ins', 'd'],
    ['ins', 'a'],
    ['ins', 'b'],
    ['del', 'c'],
  ] as const;

  it('expects lifetimes like those seen', () => {
    expect(fitPredictor('lifetime-mean', prefix).deletionAfter('z', 10)).toBe(12);
    expect(fitPredictor('lifetime-median', prefix).deletionAfter('z', 10)).toBe(11);
    expect(fitPredictor('lifetime-mean', []).deletionAfter('z', 10)).toBeNull();
    expect(fitPredictor('lifetime-mean', prefix).insertionAfter('a', 10)).toBeNull();
  });

  it('expects periods where it is told to', () => {
    const periodic = fitPredictor(
      'periodic',
      Array.from({ length: 12 }, (_, slot) => [slot % 4 < 2 ? 'ins' : 'del', slot % 2] as const),
    );
    // Element 0 comes every 4 slots and stays for 2.
    expect(periodic.deletionAfter(0, 12)).toBe(14);
    expect(periodic.insertionAfter(0, 10)).toBe(12);
    expect(periodic.events(12, 6)).toEqual([
      ['ins', 0],
      ['ins', 1],
      ['del', 0],
      ['del', 1],
      ['ins', 0],
      ['ins', 1],
    ]);
  });
});
