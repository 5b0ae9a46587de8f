import { type ArtifactStore, InvalidDataError, type JsonObject, type StoredArrays } from '@espalier/core';
import type { Cursor } from './batch-cursor.js';
import { continuousParts, type QuantizedLayer, withParts } from './quantized-layer.js';
import type { SeenData } from './seen-data.js';
import type { LayerArrays } from './tuned-layer.js';
import type { Snapshot, Tuning } from './tuning.js';

/** How far a tuning has come. */
export interface TuningPoint extends Cursor {
  readonly step: number;
  /** Of the validation data, before and at the best state. */
  readonly before: number;
  readonly after: number;
  readonly bestStep: number;
  readonly codesChanged: number;
  readonly seen: SeenData;
  readonly history: readonly { readonly step: number; readonly value: number }[];
}

const FORMAT = 'tuning-state';
const BEST = 'best.';

/**
 * Puts the state of a tuning into a store: every layer and parameter with its moments and its best state, then an entry that says that they are
 * complete. Two generations take turns, so that one that was broken off while it was written leaves the other.
 */
export async function saveTuning(
  store: ArtifactStore,
  tuning: Tuning,
  best: Snapshot,
  point: TuningPoint,
): Promise<void> {
  const generation = (await store.get('tuning'))?.attributes['generation'] === 0 ? 1 : 0;
  for (const [name, state, steps] of tuning.state()) {
    const layer = best.layers.get(name);
    const kept: LayerArrays = layer
      ? { codes: layer.codes, ...continuousParts(layer) }
      : { values: best.others.get(name)! };
    const ofBest = Object.entries(kept).map(([part, values]) => [BEST + part, values] as const);
    await store.put(keyOf(generation, name), {
      format: FORMAT,
      shape: [1, 1],
      arrays: Object.fromEntries(
        [...Object.entries(state), ...ofBest].map(([part, data]) => [part, { shape: [data.length], data }]),
      ),
      attributes: { steps },
    });
  }
  const history = point.history.map((each) => ({ ...each }));
  const attributes = { generation, ...point, seen: { ...point.seen }, history };
  await store.put('tuning', { format: FORMAT, shape: [1, 1], arrays: {}, attributes });
}

/**
 * Takes a tuning up where a store has it: moves `tuning` there and returns the place and the best state; undefined where there is none.
 * @throws InvalidDataError when the store holds the state of another tuning
 */
export async function loadTuning(
  store: ArtifactStore,
  tuning: Tuning,
): Promise<{ readonly point: TuningPoint; readonly best: Snapshot } | undefined> {
  const entry = await store.get('tuning');
  if (!entry) return undefined;
  const { generation, ...point } = entry.attributes;
  const best = {
    layers: new Map<string, QuantizedLayer>(),
    others: new Map<string, Float64Array>(),
  };
  const start = tuning.copy();
  for (const name of [...start.layers.keys(), ...start.others.keys()]) {
    const stored = await store.get(keyOf(Number(generation), name));
    const arrays = partsOf(stored?.arrays ?? {});
    const kept = Object.fromEntries(
      Object.entries(arrays).flatMap(([part, data]) =>
        part.startsWith(BEST) ? [[part.slice(BEST.length), data] as const] : [],
      ),
    );
    try {
      tuning.restore(name, arrays, Number(stored?.attributes['steps']));
    } catch (cause) {
      throw new InvalidDataError(`The store holds the state of another tuning: ${name} does not fit.`, {
        remedy: 'Use the same model and options, or another store.',
        cause,
      });
    }
    const layer = start.layers.get(name);
    if (layer) {
      const { codes, ...parts } = kept;
      best.layers.set(name, withParts(layer, parts as Record<string, Float64Array>, codes as Uint16Array));
    } else best.others.set(name, kept['values'] as Float64Array);
  }
  return { point: point as JsonObject as unknown as TuningPoint, best };
}

const keyOf = (generation: number, name: string): string => `tuning/${generation}/${name}`;

const partsOf = (arrays: StoredArrays): LayerArrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, data])) as LayerArrays;
