import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../atomic-write.js';
import { canonicalJson } from '../report/canonical-json.js';

/** Records by the hash of what they are the result of. */
export interface Store<Spec, Record extends { readonly key: string }> {
  /** SHA-256 of the canonical JSON: the order of keys does not matter. */
  key(spec: Spec): string;
  /** undefined for one that is absent, half-written or damaged: it is measured again. */
  get(key: string): Promise<Record | undefined>;
  put(record: Record): Promise<void>;
}

/** A store of one JSON file a record in `folder`, which is made when the first record is put. */
export function openStore<Spec, Record extends { readonly key: string }>(
  folder: string,
): Store<Spec, Record> {
  const path = (key: string) => join(folder, `${key}.json`);
  return {
    key: (spec) => createHash('sha256').update(canonicalJson(spec)).digest('hex'),
    async get(key) {
      try {
        const record = JSON.parse(await readFile(path(key), 'utf8')) as Record;
        return record.key === key ? record : undefined;
      } catch {
        return undefined;
      }
    },
    put: (record) => writeAtomically(path(record.key), JSON.stringify(record)),
  };
}
