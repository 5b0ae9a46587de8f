import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isEspalierError, type Json, type JsonObject } from '@espalier/core';
import { type Checkpoint, openCheckpoint, openTokenizer, type Tokenizer } from '@espalier/models';
import type { Command } from 'commander';
import { bytesOnDisk, compressFolder } from '../compress/compress-folder.js';
import { compressionJob } from '../compress/compression-job.js';
import { comparison, estimateText, layerLine } from '../compress/compression-text.js';
import { modelHash, tokensHash } from '../compress/content-hash.js';
import { estimate } from '../compress/estimate.js';
import { fileForm, installedCodecs, requirePossible } from '../compress/file-form.js';
import { acceptedLayers, requireGroups } from '../compress/layer-choice.js';
import { type Job, layersFolder } from '../compress/layer-store.js';
import { targetFolder } from '../compress/target-folder.js';
import { readTokens, type TokenFileUse } from '../compress/token-file.js';
import { UsageError } from '../exit-status.js';
import { loadInstalled } from '../installed.js';
import { interruptSignal } from '../interrupt.js';
import { packageVersion } from '../package-version.js';
import { createStatusLine } from '../progress/status-line.js';
import { shortTime } from '../text-table.js';
import { positive, positiveInteger, share, withOptions } from './options.js';
import { parseOptionFlags } from './solve.js';

interface CompressOptions {
  readonly with: string;
  readonly option: readonly string[];
  readonly pattern?: string;
  readonly sparsity?: number;
  readonly bits?: number;
  readonly groupSize?: number;
  readonly skip: readonly string[];
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
    .option('--sparsity <share>', 'pruners: share of zeros anywhere, for example 0.5', share)
    .option('--bits <n>', 'quantizers: bits a weight', positive)
    .option('--group-size <n>', 'quantizers: inputs that share a scale', positiveInteger)
    .option(
      '--skip <layers>',
      "linear layers that stay as they are, * for any characters, such as '*.down_proj'; repeatable",
      collect,
      [],
    )
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
    .option('--fresh', 'delete what an interrupted run into the same --out has left, and start anew')
    .addHelpText(
      'after',
      `
The model is a Hugging Face folder, a safetensors file or a llama2.c file. Finished layers, and then the new files, are kept in
<out>.layers: after Ctrl-C, a crash or kill -9 the same command goes on from there, also from the last evaluation. It is refused when model,
calibration text or a setting has changed since: --fresh starts anew. The new folder appears when all is done; compression-report.json in
it holds the figures of every layer.

With --format packed the files hold what the method stored: integers and 2:4 weights as compressed-tensors, codebooks as AQLM, the
factors of ARMOR.

Examples:
  espalier compress ./model --with wanda --pattern 2:4 --calibration train.txt --evaluate test.txt --out ./model-2of4
  espalier compress ./model --with gptq --bits 4 --format packed --calibration train.txt --evaluate test.txt --out ./model-4bit
  espalier compress ./model --with aqlm --bits 2.5 --format packed --calibration train.txt --evaluate test.txt --dry-run`,
    )
    .action((model: string, options: CompressOptions) =>
      compress(model, options, (name) => command.getOptionValueSource(name) === 'cli'),
    );
  withOptions(command, 'runtime', 'seed', 'json');
}

/** @param isGiven whether the user named the option, rather than leaving it at its default */
async function compress(
  path: string,
  options: CompressOptions,
  isGiven: (option: keyof CompressOptions) => boolean,
): Promise<void> {
  const { registry, folders } = await loadInstalled();
  const algorithm = registry.find(options.with);
  if (algorithm.kind !== 'pruner' && algorithm.kind !== 'quantizer')
    throw new UsageError(`${algorithm.name} is a ${algorithm.kind}; compress takes pruners and quantizers.`);
  if (options.stream && algorithm.worksOn === 'model')
    throw new UsageError(`${algorithm.name} works on the whole model at once: leave out --stream.`);
  const codecs = await installedCodecs(registry);
  const form = fileForm(options.format, codecs);
  const flags = parseOptionFlags(algorithm, options.option);
  await registry.activateRuntime(options.runtime);
  const status = createStatusLine();
  const onWarning = (text: string) => {
    status.clear();
    console.error(`espalier: ${text}`);
  };
  const { run: job, pattern } = compressionJob(algorithm, flags, options, registry.services(), onWarning);
  requirePossible(form, pattern);
  const out = options.dryRun ? undefined : await targetFolder(options.out);
  const source = await openCheckpoint(path, { codecs });
  try {
    const accepts = acceptedLayers(source, options.skip);
    if (typeof pattern === 'object') requireGroups(source, accepts, pattern);
    const texts = await readTexts(path, source, options);
    const { window, calibrationWindows } = texts;
    if (isGiven('window') && window < options.window)
      onWarning(`The model's context is ${window} tokens: windows have so many, not ${options.window}.`);
    if (isGiven('calibrationWindows') && calibrationWindows < options.calibrationWindows)
      onWarning(
        `The calibration text has ${calibrationWindows} windows of ${window} tokens; ${options.calibrationWindows} were asked for.`,
      );
    const signal = interruptSignal();
    let stage = '';
    const onStage = (name: string) => {
      stage = name;
      status.show(name);
    };
    const shared = { source, job, codecs, accepts, ...texts, onStage };
    if (out === undefined) {
      const found = await estimate(shared, { signal, seed: options.seed });
      status.clear();
      const onDisk = await bytesOnDisk(source);
      console.log(
        options.json
          ? JSON.stringify({ ...found, onDisk })
          : estimateText(found, source, onDisk, algorithm.worksOn !== 'model'),
      );
      return;
    }
    const { name: plugin } = registry.list().find((entry) => entry.algorithm === algorithm)!.plugin;
    const report = await compressFolder(
      {
        ...shared,
        out,
        settings: {
          ...settingsOf(algorithm.name, flags, options),
          // What computes the layers, and what reads them again.
          [`version of ${plugin}`]: await packageVersion(plugin, folders),
          'version of @espalier/models': await packageVersion('@espalier/models', folders),
          '--window': window,
          '--calibration-windows': calibrationWindows,
          'content of the model': await modelHash(source),
          'content of the calibration text': tokensHash(texts.calibration, window * calibrationWindows),
        },
        fresh: options.fresh ?? false,
        about: { model: path, algorithm: algorithm.name, options: flags, target: targetOf(options), plugin },
        form,
        stream: options.stream ?? false,
        onLayer(layer, kept) {
          status.clear();
          if (!options.json) console.log(layerLine(layer, kept));
        },
        onResume(finished) {
          status.clear();
          if (!options.json) console.log(`Going on: ${finished}, in ${layersFolder(options.out!)}.`);
        },
        onWarning,
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
    if (options.json) console.log(JSON.stringify({ out, ...report }));
    else console.log(`\n${comparison(report)}\n\nWritten to ${out} in ${shortTime(1000 * report.seconds)}.`);
  } catch (error) {
    status.clear();
    if (out !== undefined && isEspalierError(error, 'aborted') && (await isThere(layersFolder(out))))
      console.error(
        `espalier: What is finished is kept in ${layersFolder(options.out!)}: the same command goes on.`,
      );
    throw error;
  } finally {
    await source.close();
  }
}

/** Both texts, with the windows that they give. */
async function readTexts(path: string, source: Checkpoint, options: CompressOptions) {
  const { contextLength, vocabularySize } = source.config;
  const window = Math.min(options.window, contextLength);
  const tokenizer = tokenizerOf(path, source);
  const read = (file: string, option: TokenFileUse['option']) =>
    readTokens(file, tokenizer, { option, window, vocabularySize });
  const calibration = await read(options.calibration, '--calibration');
  const evaluation = await read(options.evaluate, '--evaluate');
  const calibrationWindows = Math.min(options.calibrationWindows, Math.floor(calibration.length / window));
  return { calibration, evaluation, window, calibrationWindows };
}

/** Opens the tokenizer when a text needs one. */
function tokenizerOf(path: string, source: Checkpoint): () => Promise<Tokenizer> {
  let opened: Promise<Tokenizer> | undefined;
  return () => {
    opened ??= openTokenizer(source.files ?? dirname(path));
    return opened;
  };
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** How much is to be removed, and where. */
function targetOf({ pattern, sparsity, bits, groupSize, skip }: CompressOptions): JsonObject {
  return { pattern, sparsity, bits, groupSize, skip: skip.length > 0 ? [...skip] : undefined };
}

/** What the command line says that decides about the layers. */
function settingsOf(algorithm: string, flags: Record<string, Json>, options: CompressOptions): Job {
  const { pattern, sparsity, bits, groupSize, skip, stream, runtime, seed } = options;
  return {
    '--with': algorithm,
    '--option': flags,
    '--pattern': pattern,
    '--sparsity': sparsity,
    '--bits': bits,
    '--group-size': groupSize,
    '--skip': skip.length > 0 ? [...skip] : undefined,
    '--stream': stream ?? false,
    '--runtime': runtime,
    '--seed': seed,
  };
}
