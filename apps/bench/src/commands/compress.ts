import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Json, LayerReport } from '@espalier/core';
import {
  type Checkpoint,
  memoryEstimate,
  openCheckpoint,
  openTokenizer,
  type Tokenizer,
} from '@espalier/models';
import type { Command } from 'commander';
import { writeAtomically } from '../atomic-write.js';
import { compressFolder, type FolderReport, forgetLayers } from '../compress/compress-folder.js';
import { compressionJob } from '../compress/compression-job.js';
import { readTokens } from '../compress/token-file.js';
import { UsageError } from '../exit-status.js';
import { loadInstalled } from '../installed.js';
import { interruptSignal } from '../interrupt.js';
import { createStatusLine } from '../progress/status-line.js';
import { shortNumber, shortTime, textTable } from '../text-table.js';
import { positive, positiveInteger, withOptions } from './options.js';
import { parseOptionFlags } from './solve.js';

interface CompressOptions {
  readonly with: string;
  readonly option: readonly string[];
  readonly pattern?: string;
  readonly sparsity?: number;
  readonly bits?: number;
  readonly groupSize?: number;
  readonly calibration: string;
  readonly evaluate: string;
  readonly window: number;
  readonly calibrationWindows: number;
  readonly format: string;
  readonly stream?: boolean;
  readonly dryRun?: boolean;
  readonly fresh?: boolean;
  readonly out?: string;
  readonly runtime: string;
  readonly seed: number;
  readonly json?: boolean;
}

/** `espalier compress <model folder>`: a smaller checkpoint, with what it costs. */
export function addCompress(program: Command): void {
  const collect = (value: string, previous: readonly string[]) => [...previous, value];
  const command = program
    .command('compress <model>')
    .description('prune or quantize a Llama-architecture checkpoint and write the result as a new one')
    .requiredOption('--with <algorithm>', 'a pruner or quantizer; `espalier list` names them')
    .option(
      '--option <key=value>',
      'an option of the algorithm; dots reach into nested ones; repeatable',
      collect,
      [],
    )
    .option('--pattern <n:m>', 'pruners: n of every m consecutive inputs stay, for example 2:4')
    .option('--sparsity <share>', 'pruners: share of zeros anywhere, for example 0.5', positive)
    .option('--bits <n>', 'quantizers: bits a weight', positive)
    .option('--group-size <n>', 'quantizers: inputs that share a scale', positiveInteger)
    .requiredOption('--calibration <text>', 'what the method looks at: a text file, or tokens (.u16)')
    .requiredOption('--evaluate <text>', 'what the result is judged on: a text file, or tokens (.u16)')
    .option('--window <tokens>', 'length of the windows of both', positiveInteger, 256)
    .option('--calibration-windows <n>', 'how many windows are looked at', positiveInteger, 64)
    .option('--format <name>', 'dense: plain matrices; packed: 2:4 weights as compressed-tensors', 'dense')
    .option(
      '--stream',
      'hold one decoder layer in memory at a time; for methods that treat layers one by one',
    )
    .option('--dry-run', 'say what would be done and what memory it needs')
    .option('--out <folder>', 'the new checkpoint; must not exist yet')
    .addHelpText(
      'after',
      `
The model is a Hugging Face folder, a safetensors file or a llama2.c file. Finished layers are kept in <out>.layers until the
checkpoint is written: after Ctrl-C, a crash or kill -9 the same command goes on. The new folder appears when it is complete;
compression-report.json in it holds the figures of every layer.

Examples:
  espalier compress ./model --with wanda --pattern 2:4 --calibration train.txt --evaluate test.txt --out ./model-2of4
  espalier compress ./model --with gptq --bits 4 --calibration train.txt --evaluate test.txt --out ./model-4bit`,
    )
    .action((model: string, options: CompressOptions) => compress(model, options));
  withOptions(command, 'runtime', 'seed', 'fresh', 'json');
}

async function compress(path: string, options: CompressOptions): Promise<void> {
  const { registry } = await loadInstalled();
  const algorithm = registry.find(options.with);
  if (algorithm.kind !== 'pruner' && algorithm.kind !== 'quantizer')
    throw new UsageError(`${algorithm.name} is a ${algorithm.kind}; compress takes pruners and quantizers.`);
  if (options.format !== 'dense' && options.format !== 'packed')
    throw new UsageError(`--format is dense or packed; given '${options.format}'.`);
  if (options.format === 'packed' && options.stream)
    throw new UsageError('--format packed writes from the whole model: leave out --stream.');
  const flags = parseOptionFlags(algorithm, options.option);
  await registry.activateRuntime(options.runtime);
  const job = compressionJob(algorithm, flags, options, registry.services());
  const source = await openCheckpoint(path);
  try {
    const tokenizer = tokenizerOf(path, source);
    const calibration = await readTokens(options.calibration, tokenizer);
    const evaluation = await readTokens(options.evaluate, tokenizer);
    if (options.dryRun) {
      printEstimate(source, options, calibration.length);
      return;
    }
    const out = await freshTarget(options.out);
    if (options.fresh) await forgetLayers(out);
    const status = createStatusLine();
    const signal = interruptSignal();
    let stage = '';
    const report = await compressFolder(
      {
        path,
        source,
        out,
        job,
        settings: settingsOf(path, algorithm.name, flags, options),
        calibration,
        evaluation,
        window: Math.min(options.window, source.config.contextLength),
        calibrationWindows: options.calibrationWindows,
        format: options.format,
        stream: options.stream ?? false,
        onLayer(layer) {
          status.clear();
          if (!options.json) console.log(layerLine(layer));
        },
        onStage(name) {
          stage = name;
          status.show(name);
        },
      },
      {
        signal,
        seed: options.seed,
        onProgress: ({ fraction, message }) =>
          status.show(
            `${stage}  ${fraction === undefined ? '' : `${Math.round(100 * fraction)} %`}  ${message ?? ''}`,
          ),
      },
    );
    status.clear();
    const { name: plugin } = registry.list().find((entry) => entry.algorithm === algorithm)!.plugin;
    const written = { model: path, algorithm: algorithm.name, options: flags, plugin, ...report };
    await writeAtomically(join(out, 'compression-report.json'), `${JSON.stringify(written, null, 2)}\n`);
    if (options.json) console.log(JSON.stringify({ out, ...report }));
    else console.log(`\n${comparison(report)}\n\nWritten to ${out} in ${shortTime(1000 * report.seconds)}.`);
  } finally {
    await source.close();
  }
}

/** Opens the tokenizer when a text needs one. */
function tokenizerOf(path: string, source: Checkpoint): () => Promise<Tokenizer> {
  let opened: Promise<Tokenizer> | undefined;
  return () => {
    opened ??= openTokenizer(source.files ?? path);
    return opened;
  };
}

async function freshTarget(out: string | undefined): Promise<string> {
  if (out === undefined) throw new UsageError('Name the new checkpoint: --out <folder>.');
  const path = resolve(out);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) throw new UsageError(`${out} exists already. Choose another --out, or delete it.`);
  return path;
}

/** What decides about the result; an interrupted run goes on only where all of it is the same. */
function settingsOf(
  path: string,
  algorithm: string,
  flags: Record<string, Json>,
  options: CompressOptions,
): object {
  const { pattern, sparsity, bits, groupSize, calibration, window, calibrationWindows, stream, seed } =
    options;
  return {
    model: resolve(path),
    algorithm,
    options: flags,
    target: { pattern, sparsity, bits, groupSize },
    calibration: resolve(calibration),
    window,
    calibrationWindows,
    stream: stream ?? false,
    seed,
  };
}

function printEstimate(source: Checkpoint, options: CompressOptions, tokens: number): void {
  const { config } = source;
  const used = Math.min(tokens, options.window * options.calibrationWindows);
  const { layer, hiddenStates, hessian, checkpoint, peak } = memoryEstimate(config, used);
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  const rows = [
    ['decoder layers', String(config.layers)],
    ['one decoder layer in float32', megabytes(layer)],
    ['hidden states of the calibration data', megabytes(hiddenStates)],
    ['X^T X of the widest layer', megabytes(hessian)],
    ['whole model in float32', megabytes(checkpoint)],
    ['needed with --stream', megabytes(peak)],
    ['needed without', megabytes(2 * checkpoint + peak)],
  ];
  console.log(
    options.json
      ? JSON.stringify({ layer, hiddenStates, hessian, checkpoint, peak })
      : textTable(['memory', ''], rows),
  );
}

function layerLine({ layer, format, sparsity, bitsPerWeight, outputError, seconds }: LayerReport): string {
  const error = outputError === undefined ? '' : `  error ${shortNumber(outputError)}`;
  return `${layer}  ${format}  ${(100 * sparsity).toFixed(1)} % zeros  ${bitsPerWeight.toFixed(2)} bits${error}  ${shortTime(1000 * seconds)}`;
}

function comparison({ before, after }: FolderReport): string {
  const row = (
    name: string,
    of: (figures: FolderReport['before']) => number,
    unit: (value: number) => string,
  ) => [name, unit(of(before)), unit(of(after)), `${((100 * of(after)) / of(before)).toFixed(1)} %`];
  const bytes = (value: number) => `${(value / 2 ** 20).toFixed(2)} MB`;
  return textTable(
    ['', 'before', 'after', 'after / before'],
    [
      row(
        'perplexity',
        ({ perplexity }) => perplexity,
        (value) => value.toFixed(3),
      ),
      row('size on disk', ({ bytesOnDisk }) => bytesOnDisk, bytes),
      row('size in memory', ({ bytesInMemory }) => bytesInMemory, bytes),
    ],
  );
}
