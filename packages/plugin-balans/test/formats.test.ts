import { describe, expect, it } from 'vitest';
import { balans, highs, mixedIntegerProgram, readArrays, rowsFromColumns } from '../src/index.js';

describe('programs from text', () => {
  const lp = 'Minimize\n obj: x + 2 y + 3\nSubject To\n c: x + y >= 2.5\nBounds\n x <= 4\nGenerals\n x y\n';

  it('LP without its closing line is read', async () => {
    const solution = await balans.create().solve({ source: { lp } });
    expect(solution).toMatchObject({ status: 'optimal', objective: 6 });
  });

  it('MPS with ranges, markers and a maximisation', async () => {
    const mps = [
      'NAME t',
      'OBJSENSE',
      ' MAX',
      'ROWS',
      ' N obj',
      ' L c1',
      'COLUMNS',
      " M1 'MARKER' 'INTORG'",
      ' x obj 1 c1 1',
      ' y obj 1 c1 2',
      " M2 'MARKER' 'INTEND'",
      ' z obj 0.5 c1 1',
      'RHS',
      ' RHS c1 7',
      'RANGES',
      ' RNG c1 3',
      'BOUNDS',
      ' UP BND x 3',
      ' UP BND y 3',
      ' UP BND z 1.5',
      'ENDATA',
      '',
    ].join('\n');
    expect(await balans.create().solve({ source: { mps } })).toMatchObject({
      status: 'optimal',
      objective: 5,
    });
  });

  it('malformed text is refused, and the engine works on afterwards', async () => {
    await expect(balans.create().solve({ source: { lp: 'this is no program' } })).rejects.toMatchObject({
      code: 'invalid-problem',
    });
    expect((await balans.create().solve({ source: { lp } })).objective).toBe(6);
  });

  it('infeasible and unbounded programs are called so', async () => {
    const infeasible = 'Minimize\n x\nSubject To\n c: x >= 3\nBounds\n x <= 2\nGenerals\n x\nEnd\n';
    expect(await balans.create().solve({ source: { lp: infeasible } })).toMatchObject({
      status: 'infeasible',
      objective: Number.NaN,
    });
    const unbounded = 'Maximize\n x\nSubject To\n c: x - y <= 3\nGenerals\n x y\nEnd\n';
    expect((await balans.create().solve({ source: { lp: unbounded } })).status).toMatch(/unbounded/);
  });

  it('semi-continuous variables are refused', async () => {
    const text = 'Minimize\n x\nSubject To\n c: x + y >= 3\nBounds\n 2 <= x <= 5\nSemi-continuous\n x\nEnd\n';
    await expect(balans.create().solve({ source: { lp: text } })).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  it('compressed files are read by the format, damaged ones refused', async () => {
    const gz = new Uint8Array(
      await new Response(new Blob([lp]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer(),
    );
    const format = mixedIntegerProgram.formats.find(({ extensions }) => extensions.includes('lp.gz'))!;
    expect((await highs.create().solve(await format.read(gz))).objective).toBe(6);
    await expect(format.read(gz.slice(0, 20))).rejects.toMatchObject({ code: 'invalid-data' });
  });

  it('special ordered sets and quadratic objectives are refused', async () => {
    const sets = 'Minimize\n x\nSubject To\n c: x + y <= 4\nSOS\n s1: S1:: x:1 y:2\nEnd\n';
    const quadratic = 'Minimize\n x + [ x^2 ] / 2\nSubject To\n c: x + y <= 4\nEnd\n';
    for (const text of [sets, quadratic]) {
      await expect(readArrays({ lp: text })).rejects.toMatchObject({ code: 'unsupported' });
    }
  });

  it('JSON with names: a start by name, the solution by name', async () => {
    const json = {
      sense: 'maximize',
      c: [5, 4, 1],
      rows: [{ indices: [0, 1], values: [6, 4], upper: 24 }],
      upper: [null, null, 2.5],
      integer: [1, 1, 0],
      names: ['chairs', 'tables', 'paint'],
      start: { chairs: 1 },
    };
    const format = mixedIntegerProgram.formats.find(({ extensions }) => extensions.includes('json'))!;
    const problem = await format.read(new TextEncoder().encode(JSON.stringify(json)));
    const { start: _start, ...fresh } = problem;
    expect([...problem.start!]).toEqual([1, Number.NaN, Number.NaN]);
    const solution = mixedIntegerProgram.solutionToJson(await highs.create().solve(fresh));
    expect(solution).toMatchObject({ objective: 26.5, x: { tables: 6, paint: 2.5 } });
  });

  it.each([
    ['no JSON', 'c: 1', 'invalid-data'],
    ['rows that are no list', '{"c":[1],"rows":{}}', 'invalid-problem'],
    ['a row without values', '{"c":[1],"rows":[{"indices":[0]}]}', 'invalid-problem'],
    ['a start of unknown variables', '{"c":[1],"rows":[],"start":{"y":1}}', 'invalid-problem'],
  ])('JSON: refuses %s', async (_what, text, code) => {
    const format = mixedIntegerProgram.formats.find(({ extensions }) => extensions.includes('json'))!;
    const read = async () => format.read(new TextEncoder().encode(text));
    await expect(read()).rejects.toMatchObject({ code });
  });

  it('a matrix by columns becomes one by rows', () => {
    // [[1, 0, 2], [0, 3, 4]]
    const columns = {
      starts: Int32Array.of(0, 1, 2, 4),
      indices: Int32Array.of(0, 1, 0, 1),
      values: Float64Array.of(1, 3, 2, 4),
    };
    expect(rowsFromColumns(columns, 2)).toEqual({
      starts: Int32Array.of(0, 2, 4),
      indices: Int32Array.of(0, 2, 1, 2),
      values: Float64Array.of(1, 2, 3, 4),
    });
  });
});
