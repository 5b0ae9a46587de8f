import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ArtifactStore,
  InvalidDataError,
  type LayerReport,
  type StoredArray,
  type StoredWeight,
} from '@espalier/core';
import { writeAtomically } from '../atomic-write.js';
import { UsageError } from '../exit-status.js';

const JOB_FILE = 'job.json';
/** A report a line. */
const REPORT_FILE = 'reports.jsonl';

/** A folder with the finished layers of one compression. */
export interface LayerStore extends ArtifactStore {
  /** What earlier runs reported of the layers that they finished. */
  readonly finished: ReadonlyMap<string, LayerReport>;
  /** Keeps a report for later runs. */
  note(report: LayerReport): void;
  has(key: string): Promise<boolean>;
  /** Removes the folder: the compression is written. */
  discard(): Promise<void>;
}

/**
 * Opens the folder of a compression that may have been interrupted.
 * @param job everything that the layers depend on
 * @throws UsageError when the folder holds the layers of another job
 */
export async function openLayerStore(folder: string, job: object): Promise<LayerStore> {
  const text = `${JSON.stringify(job, null, 2)}\n`;
  const earlier = await readFile(join(folder, JOB_FILE), 'utf8').catch(() => undefined);
  if (earlier !== undefined && earlier !== text)
    throw new UsageError(
      `${folder} holds the finished layers of another compression. Use the same settings, choose another --out, or give --fresh, which deletes them.`,
    );
  // A compression that is refused before its first layer leaves nothing behind.
  let begun: Promise<void> | undefined;
  const begin = async () => {
    await mkdir(folder, { recursive: true });
    await writeAtomically(join(folder, JOB_FILE), text);
  };
  const fileOf = (key: string) =>
    join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 24)}.weight`);
  const finished = await readReports(join(folder, REPORT_FILE));
  return {
    finished,
    note(report) {
      // A method that keeps nothing has no folder: there is then nothing to go on with.
      if (begun || earlier !== undefined)
        appendFileSync(join(folder, REPORT_FILE), `${JSON.stringify(report)}\n`);
    },
    has: (key) =>
      access(fileOf(key)).then(
        () => true,
        () => false,
      ),
    async get(key) {
      const bytes = await readFile(fileOf(key)).catch(() => undefined);
      return bytes && decode(bytes, fileOf(key));
    },
    async put(key, weight) {
      const path = fileOf(key);
      begun ??= begin();
      await begun;
      await writeFile(`${path}.partial`, encode(weight));
      await rename(`${path}.partial`, path);
    },
    discard: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The last report of each layer; a line that a crash cut off is left out. */
async function readReports(path: string): Promise<ReadonlyMap<string, LayerReport>> {
  const reports = new Map<string, LayerReport>();
  const text = await readFile(path, 'utf8').catch(() => '');
  for (const line of text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)) {
    const report = parsedReport(line);
    if (report) reports.set(report.layer, report);
  }
  return reports;
}

function parsedReport(line: string): LayerReport | undefined {
  try {
    return JSON.parse(line) as LayerReport;
  } catch {
    return undefined; // two runs that were cut off wrote into one line
  }
}

const TYPES = {
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
} as const;

/** Length of a JSON header, the header, then the arrays, each at a multiple of 8 bytes. */
function encode({ format, shape, arrays, attributes }: StoredWeight): Uint8Array {
  let end = 0;
  const parts = Object.entries(arrays).map(([name, { shape: of, data }]) => {
    const start = end;
    end += Math.ceil(data.byteLength / 8) * 8;
    return { name, shape: of, type: data.constructor.name, start, length: data.length, data };
  });
  const header = new TextEncoder().encode(
    JSON.stringify({ format, shape, attributes, arrays: parts.map(({ data: _, ...part }) => part) }),
  );
  const offset = Math.ceil((4 + header.length) / 8) * 8;
  const file = new Uint8Array(offset + end);
  new DataView(file.buffer).setUint32(0, header.length, true);
  file.set(header, 4);
  for (const { data, start } of parts)
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset + start);
  return file;
}

function decode(file: Uint8Array, path: string): StoredWeight {
  try {
    const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
    const { arrays, ...weight } = JSON.parse(new TextDecoder().decode(file.subarray(4, 4 + length)));
    const offset = Math.ceil((4 + length) / 8) * 8;
    const read = ({ name, shape, type, start, length: count }: Record<string, unknown>) => {
      const Type = TYPES[type as keyof typeof TYPES];
      const from = offset + Number(start);
      // A copy: the arrays of a buffer may lie anywhere in a larger one.
      const bytes = new Uint8Array(file.subarray(from, from + Number(count) * Type.BYTES_PER_ELEMENT));
      return [name, { shape, data: new Type(bytes.buffer) as StoredArray }];
    };
    return { ...weight, arrays: Object.fromEntries(arrays.map(read)) };
  } catch (cause) {
    throw new InvalidDataError(`The stored layer ${path} is damaged.`, {
      remedy: 'Delete it: the layer is then computed again.',
      cause,
    });
  }
}
