import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readResults, validateResults } from '../src/report/validate-results.js';
import type {
  ClaimRecord,
  CurvePoint,
  Machine,
  ResultsFile,
  ScenarioDescription,
  TrialRecord,
  TrialSpec,
} from '../src/results/results-file.js';
import { emptyResults, sampleResults } from './fixtures/sample-results.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly additionalProperties?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const schema: Schema = JSON.parse(
  await readFile(new URL('../schema/results-1.schema.json', import.meta.url), 'utf8'),
);

/** The results as they come back from a file. */
function copy(results: ResultsFile): ResultsFile {
  return JSON.parse(JSON.stringify(results));
}

/** Puts `value` where `path` leads; undefined takes the member away. */
function setAt(root: unknown, path: readonly (string | number)[], value: unknown): void {
  const parent = path.slice(0, -1).reduce((node, key) => (node as Record<string, unknown>)[key], root);
  const holder = parent as Record<string, unknown>;
  if (value === undefined) delete holder[path.at(-1)!];
  else holder[path.at(-1)!] = value;
}

describe('the schema accepts', () => {
  test('a full sample, as it comes back from JSON', async () => {
    const results = copy(sampleResults());
    await expect(validateResults(results)).resolves.toBe(results);
  });

  test('results in which nothing was run', async () => {
    await expect(validateResults(copy(emptyResults()))).resolves.toBeDefined();
  });
});

describe('the schema refuses', () => {
  const crashed = sampleResults().trials.findIndex(({ status }) => status === 'crashed');
  const longCurve = Array(501).fill({ timeMs: 1, iteration: 1, score: 1 });
  test.each([
    ['a score that was not a number', 'trials.0.score', null, 'trials[0].score must be number; given null'],
    ['a finished trial without a score', 'trials.0.score', undefined, 'trials[0] lacks "score"'],
    ['a crash without a reason', `trials.${crashed}.reason`, undefined, `trials[${crashed}] lacks "reason"`],
    [
      'an unknown status',
      'trials.1.status',
      'fine',
      'trials[1].status is "fine"; allowed are "ok", "refused"',
    ],
    ['a negative time', 'trials.0.wallMs', -1, 'trials[0].wallMs must be >= 0; given -1'],
    ['a long curve', 'trials.0.curve', longCurve, 'trials[0].curve must NOT have more than 500 items'],
    ['an unknown member', 'machine.gpu', 'none', 'machine has an unknown member "gpu"'],
    ['an unknown verdict', 'claims.0.verdict', 'true', 'claims[0].verdict is "true"; allowed are "holds"'],
    ['a date that is none', 'createdAt', 'yesterday', 'createdAt must match pattern'],
    ['a missing machine', 'machine', undefined, 'the file lacks "machine"'],
    ['a lost trial', 'trials.0.trial.scenario', 'lost', 'scenario "lost", which the results do not describe'],
  ])('%s', async (_name, path, value, message) => {
    const file = copy(sampleResults());
    setAt(file, path.split('.'), value);
    await expect(validateResults(file)).rejects.toMatchObject({
      code: 'invalid-data',
      message: expect.stringContaining(message),
    });
  });

  test('another file and another version, before anything else', async () => {
    await expect(validateResults({ name: 'x' }, 'a.json')).rejects.toThrow(
      'a.json is no results file: "format" is absent',
    );
    await expect(validateResults(null)).rejects.toThrow('is no results file');
    await expect(validateResults({ format: 'espalier-results', formatVersion: 2 })).rejects.toThrow(
      'has format version 2; this version of Espalier reads version 1',
    );
  });

  test('many mistakes with three of them', async () => {
    const file = copy(sampleResults());
    for (const trial of file.trials) setAt(trial, ['wallMs'], 'long');
    await expect(validateResults(file)).rejects.toThrow(`and ${file.trials.length - 3} more`);
  });
});

describe('reading a file', () => {
  test('gives the results, or says which file is wrong and how', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'espalier-results-'));
    try {
      const path = join(folder, 'results.json');
      await writeFile(path, JSON.stringify(sampleResults()));
      expect((await readResults(path)).trials).toHaveLength(sampleResults().trials.length);
      await writeFile(path, '{"format": "espalier-res');
      await expect(readResults(path)).rejects.toThrow(`${path} holds no JSON`);
      await expect(readResults(join(folder, 'absent.json'))).rejects.toMatchObject({ code: 'invalid-data' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** The members of `T` that may be absent. */
type OptionalKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];

/** The compiler checks that every member is named, with whether it is required: the schema must say the same. */
type Members<T> = { readonly [K in keyof T]-?: K extends OptionalKeys<T> ? 'optional' : 'required' };

const required = 'required';
const optional = 'optional';
const file: Members<ResultsFile> = {
  format: required,
  formatVersion: required,
  createdAt: required,
  suite: required,
  seed: required,
  runtime: required,
  machine: required,
  versions: required,
  scenarios: required,
  algorithms: required,
  trials: required,
  claims: required,
  pluginFailures: required,
  complete: required,
};
const machine: Members<Machine> = {
  cpu: required,
  cores: required,
  memoryBytes: required,
  platform: required,
  node: required,
};
const scenario: Members<ScenarioDescription> = {
  name: required,
  plugin: required,
  kind: required,
  summary: required,
  score: required,
};
const scoreAxis: Members<ScenarioDescription['score']> = {
  name: required,
  direction: required,
  unit: optional,
  scale: optional,
};
const algorithm: Members<ResultsFile['algorithms'][number]> = {
  name: required,
  plugin: required,
  kind: required,
  summary: required,
  paper: optional,
  solves: optional,
  options: required,
  examples: required,
};
const paper: Members<NonNullable<ResultsFile['algorithms'][number]['paper']>> = {
  title: required,
  authors: optional,
  arxiv: optional,
  doi: optional,
  year: required,
};
const option: Members<ResultsFile['algorithms'][number]['options'][number]> = {
  name: required,
  summary: required,
  allowed: required,
  default: optional,
};
const trial: Members<TrialRecord> = {
  key: required,
  trial: required,
  status: required,
  reason: optional,
  score: optional,
  metrics: required,
  stopped: optional,
  curve: required,
  algorithmMs: optional,
  wallMs: required,
  peakMemoryBytes: optional,
  startedAt: required,
};
const trialSpec: Members<TrialSpec> = {
  scenario: required,
  instance: required,
  algorithm: required,
  plugin: required,
  options: required,
  seed: required,
  repetition: required,
  runtime: required,
  suite: required,
};
const instance: Members<TrialSpec['instance']> = {
  name: required,
  source: required,
  parameters: required,
  bestKnown: optional,
  timeLimitMs: required,
};
const curvePoint: Members<CurvePoint> = { timeMs: required, iteration: required, score: required };
const claim: Members<ClaimRecord> = {
  plugin: required,
  claim: required,
  tier: required,
  statement: required,
  paper: required,
  ourFigure: required,
  verdict: required,
  reason: required,
  measurements: required,
  seed: required,
  wallMs: required,
};

describe('schema and types agree on', () => {
  const definitions = {
    machine,
    scenario,
    scoreAxis,
    algorithm,
    paper,
    option,
    trial,
    trialSpec,
    instance,
    curvePoint,
    claim,
  };
  test.each([
    ['the file', file, schema] as const,
    ...Object.entries(definitions).map(([name, members]) => [name, members, schema.$defs![name]!] as const),
  ])('%s', (_name, members, definition) => {
    expect(Object.keys(definition.properties!).sort()).toEqual(Object.keys(members).sort());
    expect([...definition.required!].sort()).toEqual(
      Object.entries(members)
        .filter(([, presence]) => presence === required)
        .map(([name]) => name)
        .sort(),
    );
    expect(definition.additionalProperties).toBe(false);
  });

  test('every definition, none left over', () => {
    expect(Object.keys(schema.$defs!).sort()).toEqual([...Object.keys(definitions), 'instant'].sort());
  });

  test('what a full sample holds: every property of the schema occurs in it', () => {
    const seen = new Set<string>();
    visit(copy(sampleResults()), schema, 'file', seen);
    const all = [
      ...Object.keys(file).map((name) => `file.${name}`),
      ...Object.entries(definitions).flatMap(([name, members]) =>
        Object.keys(members).map((member) => `${name}.${member}`),
      ),
    ];
    expect(all.filter((place) => !seen.has(place))).toEqual([]);
  });
});

/** Notes which properties of which definition occur in `value`. */
function visit(value: unknown, { $ref, items, properties }: Schema, name: string, seen: Set<string>): void {
  if ($ref) {
    const definition = $ref.replace('#/$defs/', '');
    visit(value, schema.$defs![definition]!, definition, seen);
  } else if (items && Array.isArray(value)) {
    for (const item of value) visit(item, items, `${name}[]`, seen);
  } else if (properties && typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      seen.add(`${name}.${key}`);
      if (properties[key]) visit(member, properties[key], `${name}.${key}`, seen);
    }
  }
}
