import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Json } from '@espalier/core';
import { type Checkpoint, openCheckpoint, openTokenizer, type Tokenizer } from '@espalier/models';
import type { Command } from 'commander';
import { writeAtomically } from '../atomic-write.js';
import { bytesOnDisk, compressFolder, forgetLayers } from '../compress/compress-folder.js';
import { compressionJob } from '../compress/compression-job.js';
import { comparison, estimateText, layerLine } from '../compress/compression-text.js';
import { estimate } from '../compress/estimate.js';
import { fileForm, installedCodecs } from '../compress/file-form.js';
import { readTokens } from '../compress/token-file.js';
import { UsageError } from '../exit-status.js';
import { loadInstalled } from '../installed.js';
import { interruptSignal } from '../interrupt.js';
import { createStatusLine } from '../progress/status-line.js';
import { shortTime } from '../text-table.js';
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
    .option(
      '--format <name>',
      'dense: plain matrices; packed: the form in which the method stores them, or that form by its name (pack-quantized, aqlm, ...)',
      'dense',
    )
    .option(
      '--stream',
      'hold one decoder layer in memory at a time; for methods that treat layers one by one',
    )
    .option('--dry-run', 'measure a sample and say what memory, time and room on disk the whole needs')
    .option('--out <folder>', 'the new checkpoint; must not exist yet')
    .addHelpText(
      'after',
      `
The model is a Hugging Face folder, a safetensors file or a llama2.c file. Finished layers are kept in <out>.layers until the
checkpoint is written: after Ctrl-C, a crash or kill -9 the same command goes on. The new folder appears when it is complete;
compression-report.json in it holds the figures of every layer.

With --format packed the files hold what the method stored: integers and 2:4 weights as compressed-tensors, codebooks as AQLM, the
factors of ARMOR.

Examples:
  espalier compress ./model --with wanda --pattern 2:4 --calibration train.txt --evaluate test.txt --out ./model-2of4
  espalier compress ./model --with gptq --bits 4 --format packed --calibration train.txt --evaluate test.txt --out ./model-4bit
  espalier compress ./model --with aqlm --bits 2.5 --format packed --calibration train.txt --evaluate test.txt --dry-run`,
    )
    .action((model: string, options: CompressOptions) => compress(model, options));
  withOptions(command, 'runtime', 'seed', 'fresh', 'json');
}

async function compress(path: string, options: CompressOptions): Promise<void> {
  const { registry } = await loadInstalled();
  const algorithm = registry.find(options.with);
  if (algorithm.kind !== 'pruner' && algorithm.kind !== 'quantizer')
    throw new UsageError(`${algorithm.name} is a ${algorithm.kind}; compress takes pruners and quantizers.`);
  if (options.stream && algorithm.worksOn === 'model')
    throw new UsageError(`${algorithm.name} works on the whole model at once: leave out --stream.`);
  const codecs = await installedCodecs(registry);
  const form = fileForm(options.format, codecs);
  const flags = parseOptionFlags(algorithm, options.option);
  await registry.activateRuntime(options.runtime);
  const job = compressionJob(algorithm, flags, options, registry.services());
  const source = await openCheckpoint(path, { codecs });
  try {
    const tokenizer = tokenizerOf(path, source);
    const calibration = await readTokens(options.calibration, tokenizer);
    const evaluation = await readTokens(options.evaluate, tokenizer);
    const window = Math.min(options.window, source.config.contextLength);
    const status = createStatusLine();
    const signal = interruptSignal();
    let stage = '';
    const onStage = (name: string) => {
      stage = name;
      status.show(name);
    };
    const shared = { source, job, codecs, calibration, evaluation, window, onStage };
    const { calibrationWindows } = options;
    if (options.dryRun) {
      const found = await estimate({ ...shared, calibrationWindows }, { signal, seed: options.seed });
      status.clear();
      const onDisk = await bytesOnDisk(source);
      console.log(
        options.json
          ? JSON.stringify({ ...found, onDisk })
          : estimateText(found, source, onDisk, algorithm.worksOn !== 'model'),
      );
      return;
    }
    const out = await freshTarget(options.out);
    if (options.fresh) await forgetLayers(out);
    const report = await compressFolder(
      {
        ...shared,
        out,
        settings: settingsOf(path, algorithm.name, flags, options),
        calibrationWindows,
        form,
        stream: options.stream ?? false,
        onLayer(layer, kept) {
          status.clear();
          if (!options.json) console.log(layerLine(layer, kept));
        },
        onResume(layers) {
          status.clear();
          if (!options.json)
            console.log(`Going on: ${layers} layers are finished, in ${options.out}.layers.`);
        },
        onWarning(text) {
          status.clear();
          console.error(`espalier: ${text}`);
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

/** Opens the tokenizer when a text needs one; that of a single file lies beside it. */
function tokenizerOf(path: string, source: Checkpoint): () => Promise<Tokenizer> {
  let opened: Promise<Tokenizer> | undefined;
  return () => {
    opened ??= openTokenizer(source.files ?? dirname(path));
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
