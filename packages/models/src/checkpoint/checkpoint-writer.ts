import { InvalidDataError, InvalidOptionsError, InvalidProblemError, type JsonObject } from '@espalier/core';
import { nodeOutput } from '#files';
import { type FileFolder, readWhole } from './file-folder.js';
import type { OutputFile, OutputFolder } from './output-folder.js';
import { INDEX_FILE } from './safetensors-folder.js';
import type { PlannedTensor } from './safetensors-header.js';
import { planShards, type Shard, shardIndex } from './shard-plan.js';
import { storedPieces } from './stored-pieces.js';
import { parseJsonObject } from './strict-json.js';

export interface CheckpointWriterOptions {
  /** `config.json`; default that of `copyFrom`, byte for byte. */
  readonly config?: JsonObject | undefined;
  /** Where tokenizer and generation files are copied from, as far as they are there ({@link COMPANION_FILES}). */
  readonly copyFrom?: FileFolder | undefined;
  /** Most bytes of tensors in one file; default 5e9. A larger tensor has a file of its own. */
  readonly maxShardBytes?: number | undefined;
  /** Tensors for which it says something else stand in different files, as far as they fit. Default: they all may stand in one. */
  readonly shardOf?: ((name: string) => string) | undefined;
  /** Free text in every file; default `{ format: 'pt' }`, without which transformers refuses to load. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /**
   * Makes the work resumable, under a text that says what it is (method, options, source): a later run with an equal text and plan
   * goes on where this one was interrupted. Default: an interrupted run leaves nothing.
   */
  readonly resume?: string | undefined;
}

/** Writes a checkpoint tensor by tensor, in any order. The target folder appears when `finish` is done, complete. */
export interface CheckpointWriter {
  /** Tensors that are written, those of an interrupted run included. */
  readonly done: ReadonlySet<string>;
  /**
   * Writes one tensor: values, rounded to nearest even where the plan says F16 or BF16, or stored bytes as they are. Memory: 4 MiB.
   * @throws InvalidProblemError for a tensor that is not planned or already written, another size, and values that are NaN, infinite,
   * or beyond the range of the planned type
   */
  write(name: string, content: Float32Array | Uint8Array): Promise<void>;
  /** Writes index, configuration and companion files, and moves all to the target. @throws InvalidProblemError when tensors lack */
  finish(): Promise<void>;
  /** Closes the files after an error; what is resumable stays, anything else is removed. */
  abandon(): Promise<void>;
}

/** Files of a Hugging Face or llama2.c folder that go with any weights; {@link llama2cVocabulary} is another. */
export const COMPANION_FILES = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'tokenizer.model',
  'chat_template.jinja',
  'tokenizer.bin',
] as const;

/** What llama2.c calls the vocabulary of a model with so many tokens. */
export const llama2cVocabulary = (size: number): string => `tok${size}.bin`;

/**
 * Starts a Hugging Face folder. Positions follow from the plan, so equal tensors give equal bytes whatever the order of writing.
 * @param target a path (Node only) where nothing is yet, or an output folder such as `memoryOutput()`
 * @param plan every tensor, in the order in which they fill the shards
 * @throws InvalidOptionsError for a target that exists, an interrupted run that was another job, or no configuration
 * @throws InvalidProblemError for a plan with a name twice or a shape that is none
 */
export async function createCheckpointWriter(
  target: string | OutputFolder,
  plan: readonly PlannedTensor[],
  options: CheckpointWriterOptions = {},
): Promise<CheckpointWriter> {
  const { config, copyFrom, resume, maxShardBytes = 5e9, shardOf, metadata = { format: 'pt' } } = options;
  const shards = planShards(plan, maxShardBytes, metadata, shardOf);
  if (!config && !(await copyFrom?.has('config.json'))) {
    throw new InvalidOptionsError('A checkpoint needs a configuration.', {
      remedy: 'Give config, or copyFrom with a folder that has a config.json.',
    });
  }
  const output =
    typeof target === 'string'
      ? await nodeOutput(target, resume === undefined ? 'fresh' : 'resumable')
      : target;
  const files = shards.map(({ entries }) => entries.map(({ name }) => name));
  const job = JSON.stringify({ resume, metadata, plan, files });
  const done = await takeUp(output, job, resume !== undefined);
  await assertLeftIntact(output, shards, done);
  const writing = new Set<string>();
  const opened = openShards(output, shards, done);

  return {
    done,
    async write(name, content) {
      const place = opened.placeOf(name);
      if (done.has(name) || writing.has(name)) {
        throw new InvalidProblemError(`The tensor '${name}' is written already.`);
      }
      writing.add(name);
      try {
        const file = await opened.open(place.shard);
        for (const [offset, bytes] of storedPieces(place.entry, content)) {
          await file.write(place.shard.head.length + place.entry.start + offset, bytes);
        }
        if (resume !== undefined) {
          await file.sync();
          await output.note(JSON.stringify(name));
        }
        done.add(name);
        await opened.closeWhenFull(place.shard);
      } finally {
        writing.delete(name);
      }
    },
    async finish() {
      const missing = plan.filter(({ name }) => !done.has(name));
      if (missing.length > 0) {
        throw new InvalidProblemError(
          `${missing.length} tensors are not written yet, among them '${missing[0]!.name}'.`,
        );
      }
      await opened.close();
      for (const [file, bytes] of await companions(shards, config, copyFrom)) {
        await output.put(file, bytes);
      }
      await output.commit();
    },
    async abandon() {
      await opened.close();
      if (resume === undefined) await output.discard();
    },
  };
}

/** The tensors that an interrupted run of the same job has written. */
async function takeUp(output: OutputFolder, job: string, resumable: boolean): Promise<Set<string>> {
  const [before, ...lines] = output.notes;
  if (before !== undefined && before !== job) {
    throw new InvalidOptionsError(
      `An interrupted run has left files beside ${output.name}, and it was another job.`,
      {
        remedy: `Finish it with its own options, or remove ${output.name}.partial and ${output.name}.partial.journal.`,
      },
    );
  }
  if (before === undefined && resumable) await output.note(job);
  try {
    return new Set(lines.map((line) => JSON.parse(line) as string));
  } catch (cause) {
    throw new InvalidDataError(`The notes of the interrupted run beside ${output.name} are damaged.`, {
      cause,
      remedy: `Remove ${output.name}.partial and ${output.name}.partial.journal.`,
    });
  }
}

/** The notes may have outlived the files that they speak of: a shard that holds finished tensors starts with its header. */
async function assertLeftIntact(
  output: OutputFolder,
  shards: readonly Shard[],
  done: ReadonlySet<string>,
): Promise<void> {
  for (const { file, head, entries, size } of shards) {
    if (!entries.some(({ name }) => done.has(name))) continue;
    const opened = await output.open(file, size);
    const found = await opened.read(0, head.length);
    await opened.close();
    if (found.some((byte, i) => byte !== head[i])) {
      throw new InvalidDataError(`${file}, left by an interrupted run beside ${output.name}, is damaged.`, {
        remedy: `Remove ${output.name}.partial and ${output.name}.partial.journal, and start again.`,
      });
    }
  }
}

/** The shard files, each open from its first tensor to its last. */
function openShards(output: OutputFolder, shards: readonly Shard[], done: ReadonlySet<string>) {
  const places = new Map(
    shards.flatMap((shard) => shard.entries.map((entry) => [entry.name, { shard, entry }] as const)),
  );
  const opened = new Map<Shard, Promise<OutputFile>>();
  const start = async (shard: Shard) => {
    const file = await output.open(shard.file, shard.size);
    await file.write(0, shard.head);
    return file;
  };
  const close = async (shard: Shard) => {
    const file = await opened.get(shard)?.catch(() => undefined); // one that never opened has been reported
    opened.delete(shard);
    await file?.sync();
    await file?.close();
  };
  return {
    placeOf(name: string) {
      const place = places.get(name);
      if (!place) throw new InvalidProblemError(`The tensor '${name}' is not in the plan.`);
      return place;
    },
    open(shard: Shard): Promise<OutputFile> {
      const file = opened.get(shard) ?? start(shard);
      opened.set(shard, file);
      return file;
    },
    async closeWhenFull(shard: Shard): Promise<void> {
      if (shard.entries.every(({ name }) => done.has(name))) await close(shard);
    },
    async close(): Promise<void> {
      for (const shard of [...opened.keys()]) await close(shard);
    },
  };
}

/** Everything beside the weights. */
async function companions(
  shards: readonly Shard[],
  config: JsonObject | undefined,
  copyFrom: FileFolder | undefined,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const text = new TextEncoder();
  if (shards.length > 1) files.set(INDEX_FILE, text.encode(shardIndex(shards)));
  if (config) files.set('config.json', text.encode(`${JSON.stringify(config, null, 2)}\n`));
  if (!copyFrom) return files;
  if (!config) files.set('config.json', await readWhole(copyFrom, 'config.json'));
  const { vocab_size: size } = config ?? parseJsonObject(files.get('config.json')!, 'config.json');
  for (const file of [...COMPANION_FILES, llama2cVocabulary(Number(size))]) {
    if (await copyFrom.has(file)) files.set(file, await readWhole(copyFrom, file));
  }
  return files;
}
