import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type ArtifactStore,
  isEspalierError,
  type Json,
  type JsonObject,
  type LayerReport,
  messageOf,
} from '@espalier/core';
import { writeAtomically } from '../atomic-write.js';
import { UsageError } from '../exit-status.js';
import { lockFile } from '../process-lock.js';
import { decodeLayer, encodeLayer } from './layer-file.js';

const JOB_FILE = 'job.json';
/** A report a line. */
const REPORT_FILE = 'reports.jsonl';
const WRITTEN_FILE = 'written.json';
const DENSE_FILE = 'dense.json';
const LOCK_FILE = 'lock';
const CHECKPOINT = 'checkpoint';
/** Files that are worth nothing without layers. */
const LITTLE = /^(lock|(job|dense|written)\.json(\.partial-\d+)?)$/;
/** Of the files in the folder and of what the stored forms in them mean; others are refused. */
const LAYOUT = 2;

/** What decides about the layers, by what a message calls it. */
export type Job = Readonly<Record<string, Json | undefined>>;

/** What is known of a checkpoint once its files are complete. */
export interface Written {
  readonly layers: readonly LayerReport[];
  /** In memory, everything counted. */
  readonly bytes: number;
  /** How the layers were written: dense, or the name of the codec (`codecName`). */
  readonly format: string;
  readonly seconds: number;
}

/** What was measured of the dense model. */
export interface DenseFigures {
  readonly perplexity: number;
  readonly modelBytes: number;
}

/** The folder of one compression under way: its finished layers, and the checkpoint that grows from them. */
export interface LayerStore extends ArtifactStore {
  /** What earlier runs reported of the layers that they finished. */
  readonly finished: ReadonlyMap<string, LayerReport>;
  /** Keeps a report for later runs. */
  note(report: LayerReport): void;
  has(key: string): Promise<boolean>;
  /** Where the checkpoint is written; nothing is there before. */
  readonly checkpoint: string;
  /** What an earlier run wrote there as this form; what it wrote as another is removed. */
  written(form: string): Promise<Written | undefined>;
  noteWritten(form: string, written: Written): Promise<void>;
  /** What an earlier run measured of the dense model on this evaluation text. @param evaluation says which it is */
  dense(evaluation: string): Promise<DenseFigures | undefined>;
  noteDense(evaluation: string, figures: DenseFigures): Promise<void>;
  /** Moves the checkpoint to its place and removes the rest. */
  moveTo(out: string): Promise<void>;
  /** Lets other processes in; a folder that holds nothing yet is removed. */
  release(): Promise<void>;
}

/** The folder of the compression into `out`. */
export const layersFolder = (out: string): string => `${out}.layers`;

/** Whether a folder with these files is what is left of a compression whose checkpoint is in its place. */
export const isWritten = (files: readonly string[]): boolean =>
  files.includes(WRITTEN_FILE) && !files.includes(CHECKPOINT);

export interface LayerStoreOptions {
  /** Everything that the layers depend on. */
  readonly job: Job;
  /** Removes what an earlier run has left. */
  readonly fresh: boolean;
  readonly onWarning: (text: string) => void;
}

/**
 * Opens the folder of a compression that may have been interrupted, for this process alone.
 * @throws UsageError when it holds the layers of another job, or another process works in it
 */
export async function openLayerStore(
  folder: string,
  { job, fresh, onWarning }: LayerStoreOptions,
): Promise<LayerStore> {
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new UsageError(`${folder} cannot be made: ${messageOf(cause)}. Choose another --out.`, { cause });
  });
  const at = (file: string) => join(folder, file);
  const release = await lockFile(at(LOCK_FILE), folder);
  const removeAll = async (which: (file: string) => boolean) => {
    for (const file of await readdir(folder))
      if (file !== LOCK_FILE && which(file)) await rm(at(file), { recursive: true, force: true });
  };
  try {
    await requireOwn(folder);
    if (fresh) await removeAll(() => true);
    await takeUp(folder, job);
    // A run that was killed while it wrote the checkpoint at one go, or a layer.
    await removeAll((file) => file.startsWith(`${CHECKPOINT}.partial-`) || file.endsWith('.weight.partial'));
  } catch (error) {
    await release();
    throw error;
  }
  const fileOf = (key: string) => at(`${createHash('sha256').update(key).digest('hex').slice(0, 24)}.weight`);
  const finished = await readReports(at(REPORT_FILE));
  return {
    finished,
    checkpoint: at(CHECKPOINT),
    note: (report) => appendFileSync(at(REPORT_FILE), `${JSON.stringify(report)}\n`),
    has: (key) => exists(fileOf(key)),
    async get(key) {
      const bytes = await readFile(fileOf(key)).catch(() => undefined);
      if (!bytes) return undefined;
      try {
        return decodeLayer(bytes, fileOf(key));
      } catch (error) {
        if (!isEspalierError(error, 'invalid-data')) throw error;
        onWarning(`${error.message} It is computed again.`);
        await rm(fileOf(key));
        return undefined;
      }
    },
    async put(key, weight) {
      const path = fileOf(key);
      await writeFile(`${path}.partial`, encodeLayer(weight));
      await rename(`${path}.partial`, path);
    },
    async written(form) {
      const { form: before, ...written } = await readNote(at(WRITTEN_FILE));
      if (before === form && (await exists(at(CHECKPOINT)))) return written as unknown as Written;
      await removeAll((file) => file === CHECKPOINT || file === WRITTEN_FILE);
      return undefined;
    },
    noteWritten: (form, written) => writeAtomically(at(WRITTEN_FILE), JSON.stringify({ form, ...written })),
    async dense(evaluation) {
      const { evaluation: before, ...figures } = await readNote(at(DENSE_FILE));
      return before === evaluation ? (figures as unknown as DenseFigures) : undefined;
    },
    noteDense: (evaluation, figures) =>
      writeAtomically(at(DENSE_FILE), JSON.stringify({ evaluation, ...figures })),
    async moveTo(out) {
      await rename(at(CHECKPOINT), out).catch((cause) => {
        throw new UsageError(
          `${out} cannot be made any more (${messageOf(cause)}): the finished checkpoint is ${at(CHECKPOINT)}.`,
          { cause },
        );
      });
      await syncFolder(dirname(out));
      // Last what says that all of this is no longer needed.
      await removeAll((file) => !LITTLE.test(file));
      await rm(folder, { recursive: true, force: true });
    },
    async release() {
      const files = await readdir(folder).catch(() => undefined);
      if (!files) return; // moved to its place
      if (files.every((file) => LITTLE.test(file))) {
        await removeAll(() => true);
        await release();
        await rmdir(folder).catch(() => {});
      } else await release();
    },
  };
}

/** @throws UsageError for a folder that something else has made, which `--fresh` must not empty */
async function requireOwn(folder: string): Promise<void> {
  const files = await readdir(folder);
  if (files.includes(JOB_FILE) || files.every((file) => LITTLE.test(file))) return;
  throw new UsageError(
    `${folder}, where the layers would be kept, is there and holds other files. Choose another --out.`,
  );
}

/** Compares with what an earlier run began. @throws UsageError that says what differs */
async function takeUp(folder: string, job: Job): Promise<void> {
  const path = join(folder, JOB_FILE);
  // As JSON has it, in which what is undefined is absent.
  const now = JSON.parse(JSON.stringify({ layout: LAYOUT, ...job })) as Job;
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return writeAtomically(path, `${JSON.stringify(now, null, 2)}\n`);
  const advice = 'Choose another --out, or give --fresh, which deletes them.';
  const earlier = parsed(text) as Job | undefined;
  if (earlier?.layout !== LAYOUT)
    throw new UsageError(
      `${folder} holds the layers of a compression by another version of this program, which this one cannot go on with. ${advice}`,
    );
  const other = [...new Set([...Object.keys(earlier), ...Object.keys(now)])].filter(
    (name) => JSON.stringify(earlier[name]) !== JSON.stringify(now[name]),
  );
  if (other.length === 0) return;
  const differences = other.map((name) => difference(name, earlier[name], now[name]));
  throw new UsageError(
    `${folder} holds the finished layers of another compression: ${differences.join('; ')}. Use the same settings, choose another --out, or give --fresh, which deletes them.`,
  );
}

/** Contents are long numbers, which say nothing to people. */
function difference(name: string, before: Json | undefined, now: Json | undefined): string {
  if (name.startsWith('content of ')) return `the ${name} has changed`;
  const said = (value: Json | undefined) => (value === undefined ? 'not given' : JSON.stringify(value));
  return `${name} was ${said(before)} and is ${said(now)}`;
}

/** Empty where the file is not there. */
async function readNote(path: string): Promise<JsonObject> {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  return JSON.parse(text) as JsonObject;
}

/** The last report of each layer; a line that a crash cut off is left out. */
async function readReports(path: string): Promise<ReadonlyMap<string, LayerReport>> {
  const reports = new Map<string, LayerReport>();
  const text = await readFile(path, 'utf8').catch(() => '');
  for (const line of text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)) {
    const report = parsed(line) as LayerReport | undefined; // two runs that were cut off may have written into one line
    if (report) reports.set(report.layer, report);
  }
  return reports;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** A rename is safe once the folder that holds the name is on disk; not every system can do that. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
