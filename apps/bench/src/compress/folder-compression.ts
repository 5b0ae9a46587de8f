import type { ArtifactStore, JsonObject, LayerReport, WeightCodec } from '@espalier/core';
import { type Checkpoint, calibrationWindows, type TokenBatches, tokenBatches } from '@espalier/models';
import type { CompressionJob } from './compression-job.js';
import { type FileForm, watchForm } from './file-form.js';
import type { Job, LayerStore, Written } from './layer-store.js';

/** One compression of a checkpoint folder into another. */
export interface FolderCompression {
  readonly source: Checkpoint;
  readonly out: string;
  readonly job: CompressionJob;
  /** Everything that the layers depend on: an interrupted run goes on only where it is the same. */
  readonly settings: Job;
  /** Deletes what an interrupted run has left. */
  readonly fresh: boolean;
  /** Stands in the report, before its figures. */
  readonly about: JsonObject;
  readonly calibration: ArrayLike<number>;
  readonly evaluation: ArrayLike<number>;
  readonly window: number;
  readonly calibrationWindows: number;
  /** How the compressed layers are written. */
  readonly form: FileForm;
  /** Stored forms that can be read. */
  readonly codecs: readonly WeightCodec[];
  /** One decoder layer in memory at a time. */
  readonly stream: boolean;
  /** @param kept whether an earlier run finished it, whose report this is if there is one */
  readonly onLayer: (report: LayerReport, kept: boolean) => void;
  /** Only layers that this accepts are compressed. */
  readonly accepts: (layer: string) => boolean;
  /** Told once, when an earlier run has left something: what it finished. */
  readonly onResume: (finished: string) => void;
  readonly onStage: (stage: string) => void;
  /** Something that the user should know while there is time to stop. */
  readonly onWarning: (text: string) => void;
}

/** What {@link Written} says, but for the time. */
export type Compressed = Omit<Written, 'seconds'>;

export const calibrationBatches = ({
  calibration,
  window,
  calibrationWindows: count,
}: FolderCompression): TokenBatches => tokenBatches(calibrationWindows(calibration, { window, count }));

/** What a compression is given to keep and report its layers with. */
export interface Supervision {
  readonly store: ArtifactStore;
  readonly onLayer: (report: LayerReport) => void;
  /** Reports of all layers in the order of the model, those of earlier runs included. */
  reports(): readonly LayerReport[];
}

/** Keeps layers and their reports, and looks at whether what is kept can be written in the end. */
export function supervise(plan: FolderCompression, store: LayerStore): Supervision {
  const { form, source, onWarning } = plan;
  const [finished, begun] = [watchForm(form), watchForm(form)];
  const isLayer = (name: string) => source.tensors.has(`${name}.weight`);
  const reports = new Map(store.finished);
  /** Layers that come from an earlier run. */
  const kept = new Set<string>();
  /** Layers that this run has put into the store. */
  const put = new Set<string>();
  let warned = false;
  if (store.finished.size > 0) plan.onResume(`${store.finished.size} layers are finished`);
  return {
    store: {
      async get(key) {
        const weight = await store.get(key);
        if (weight) kept.add(key);
        return weight;
      },
      async put(key, weight) {
        kept.delete(key);
        await store.put(key, weight);
        put.add(key);
        if (isLayer(key)) finished(key, weight);
        // A state before the last, under a longer key: the method may still change its layout.
        else if (!warned && isLayer(afterSlash(key)))
          try {
            begun(afterSlash(key), weight);
          } catch (error) {
            warned = true;
            onWarning(
              `If the layers stay as they are now, they cannot be written: ${(error as Error).message}`,
            );
          }
      },
    },
    onLayer(report) {
      const earlier = kept.has(report.layer) ? store.finished.get(report.layer) : undefined;
      // Of a layer that is not kept there is nothing to go on with.
      if (!earlier && put.has(report.layer)) store.note(report);
      reports.set(report.layer, earlier ?? report);
      plan.onLayer(earlier ?? report, kept.has(report.layer));
    },
    reports() {
      const order = source.tensors.names.map((name) => name.replace(/\.weight$/, ''));
      const place = (layer: string) => order.indexOf(layer);
      return [...reports.values()].sort((a, b) => place(a.layer) - place(b.layer));
    },
  };
}

const afterSlash = (key: string) => key.slice(key.indexOf('/') + 1);
