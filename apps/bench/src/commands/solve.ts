import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import {
  type AnyAlgorithm,
  InvalidDataError,
  isEspalierError,
  type Json,
  messageOf,
  type OptionsJsonSchema,
  optionsJsonSchema,
  type ProblemFamily,
  type ProblemFormat,
} from '@espalier/core';
import type { Command } from 'commander';
import { writeAtomically } from '../atomic-write.js';
import { UsageError } from '../exit-status.js';
import { loadInstalled } from '../installed.js';
import { createStatusLine } from '../progress/status-line.js';
import { shortNumber, shortTime } from '../text-table.js';
import { positive, withOptions } from './options.js';

interface SolveOptions {
  readonly option: readonly string[];
  readonly format?: string;
  readonly out?: string;
  readonly seed: number;
  readonly timeLimit?: number;
  readonly json?: boolean;
}

/** `espalier solve <algorithm> <problem>`: a solver for people who write no TypeScript. */
export function addSolve(program: Command): void {
  const collect = (value: string, previous: readonly string[]) => [...previous, value];
  const command = program
    .command('solve <algorithm> <problem>')
    .description('solve one problem from a file, or from standard input with -')
    .option(
      '--option <key=value>',
      'an option of the algorithm; dots reach into nested ones; repeatable',
      collect,
      [],
    )
    .option('--format <extension>', 'format of the problem; default: the ending of its file name, json for -')
    .option('--time-limit <seconds>', 'an anytime solver then returns the best that it has', positive)
    .option('--out <file>', 'write the solution there instead of printing it')
    .addHelpText(
      'after',
      `
\`espalier describe <algorithm>\` lists its options. The solution is JSON, on standard output unless --out names a file.

Examples:
  espalier solve my-solver problem.json --option tolerance=1e-9 --option inner.depth=3 --out solution.json
  cat problem.json | espalier solve my-solver - --format json`,
    )
    .action((name: string, path: string, options: SolveOptions) => solve(name, path, options));
  withOptions(command, 'seed', 'json');
}

async function solve(name: string, path: string, options: SolveOptions): Promise<void> {
  const { registry } = await loadInstalled();
  const algorithm = registry.find(name);
  if (algorithm.kind !== 'solver')
    throw new UsageError(`${name} is a ${algorithm.kind}; solve runs solvers only.`);
  const family = algorithm.solves;
  const bytes = path === '-' ? await buffer(process.stdin) : await readProblem(path);
  const problem = await parse(formatOf(family, path, options.format), bytes, path);
  const chosen = parseOptionFlags(algorithm, options.option);
  const accepted = algorithm.accepts?.(problem, chosen) ?? true;
  if (accepted !== true) throw new UsageError(`${name} does not take this problem: ${accepted}`);

  // No handler for Ctrl-C: there is nothing to keep, and a solver that never yields would not let one run.
  const status = createStatusLine();
  const start = performance.now();
  const solver = algorithm.create(chosen, registry.services());
  const solution = await solver.solve(problem, {
    seed: options.seed,
    ...(options.timeLimit && { timeLimitMs: options.timeLimit * 1_000 }),
    onProgress: ({ iteration, value, message }) =>
      status.show(`${name}  iteration ${iteration}  ${shortNumber(value)}  ${message ?? ''}`),
  });
  status.clear();
  const solved = family.solutionToJson(solution);
  if (options.out === undefined) {
    console.log(JSON.stringify(solved, null, options.json ? undefined : 2));
    return;
  }
  await writeAtomically(options.out, `${JSON.stringify(solved, null, 2)}\n`);
  const ms = performance.now() - start;
  console.log(
    options.json
      ? JSON.stringify({ solution: options.out, ms })
      : `Solved in ${shortTime(ms)}: ${options.out}`,
  );
}

async function readProblem(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause) => {
    throw new UsageError(`The problem file ${path} cannot be read: ${messageOf(cause)}.`, { cause });
  });
}

/** @throws what the format throws, or InvalidDataError that names the file */
async function parse(format: ProblemFormat<unknown>, bytes: Uint8Array, path: string): Promise<unknown> {
  try {
    return await format.read(bytes);
  } catch (cause) {
    if (isEspalierError(cause)) throw cause;
    const source = path === '-' ? 'Standard input' : `The problem file ${path}`;
    throw new InvalidDataError(`${source} cannot be read as ${format.summary}: ${messageOf(cause)}.`, {
      cause,
    });
  }
}

function formatOf(family: ProblemFamily<unknown, unknown>, path: string, wanted: string | undefined) {
  const name = wanted ?? (path === '-' ? 'json' : path.toLowerCase());
  const format = family.formats.find(({ extensions }) =>
    extensions.some((extension) => name === extension || name.endsWith(`.${extension}`)),
  );
  if (format) return format;
  const known = family.formats.map(({ extensions, summary }) => `${extensions.join(', ')} (${summary})`);
  throw new UsageError(
    `${wanted ?? path} is no format of ${family.name}. Formats: ${known.join('; ')}. Choose with --format.`,
  );
}

/** `a.b=3` becomes `{ a: { b: 3 } }`: JSON where the value is JSON, unless the schema wants text. */
export function parseOptionFlags(algorithm: AnyAlgorithm, flags: readonly string[]): Record<string, Json> {
  const result: Record<string, Json> = {};
  for (const flag of flags) {
    const at = flag.indexOf('=');
    if (at < 1) throw new UsageError(`--option takes key=value; given '${flag}'.`);
    const path = flag.slice(0, at).split('.');
    let schema: OptionsJsonSchema | undefined = optionsJsonSchema(algorithm.options);
    let target: Record<string, Json> = result;
    for (const [depth, key] of path.entries()) {
      schema = schema?.properties?.[key];
      if (depth === path.length - 1) target[key] = parseValue(flag.slice(at + 1), schema);
      else {
        const inner = target[key];
        const next: Record<string, Json> =
          typeof inner === 'object' && inner !== null ? ({ ...inner } as Record<string, Json>) : {};
        target[key] = next;
        target = next;
      }
    }
  }
  return result;
}

function parseValue(value: string, schema: OptionsJsonSchema | undefined): Json {
  if (schema?.type === 'string') return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}
