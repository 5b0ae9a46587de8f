import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** The options that several commands share; each says what it is and what is allowed. */
export const sharedOptions = {
  data: () =>
    new Option(
      '--data <folder>',
      'public data sets; `espalier list` says which are used and where to get them',
    ).env('ESPALIER_DATA'),
  json: () => new Option('--json', 'print JSON to standard output'),
  out: () => new Option('--out <folder>', 'where results, report and store are written').default('results'),
  runtime: () => new Option('--runtime <name>', 'auto, or the name of an installed runtime').default('auto'),
  seed: () =>
    new Option('--seed <integer>', 'every random number follows from it').default(0).argParser(integer),
  timeLimit: () =>
    new Option('--time-limit <seconds>', 'replaces the time limits of the instances').argParser(positive),
  jobs: () =>
    new Option(
      '--jobs <n>',
      `trials at a time; more than one disturbs timings (this machine has ${availableParallelism()} cores)`,
    )
      .default(1)
      .argParser(positiveInteger),
  quick: () => new Option('--quick', 'the quick suite: seconds an instance (default)').conflicts('full'),
  full: () => new Option('--full', 'the full suite: minutes an instance'),
  fresh: () => new Option('--fresh', 'measure again what the store already has'),
  strict: () =>
    new Option(
      '--strict',
      'exit status 1 when a trial broke (failed, crashed, out of memory, timed out) or a claim does not hold',
    ),
};

/** Adds shared options by name. */
export function withOptions(command: Command, ...names: readonly (keyof typeof sharedOptions)[]): Command {
  for (const name of names) command.addOption(sharedOptions[name]());
  return command;
}

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('Give a positive number.');
  return value;
}

/** A share of a whole, neither nothing nor all. */
export function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1))
    throw new InvalidArgumentError('Give a number between 0 and 1 (both left out), such as 0.5.');
  return value;
}

export function integer(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || text.trim() === '') throw new InvalidArgumentError('Give an integer.');
  return value;
}

export function positiveInteger(text: string): number {
  const value = integer(text);
  if (value < 1) throw new InvalidArgumentError('Give an integer of at least 1.');
  return value;
}
