// A table of compression methods on the two small checkpoints by the testbed's protocol, for the benchmarks of plugins: calibration on the
// first 64 windows of 256 tokens, perplexity over all windows of 256 of the evaluation tokens.
import { cpuRuntime } from '@espalier/runtime-cpu';
import { dataFolder } from '../../../tools/bench/data-folder.mjs';
import { markdownTable } from '../../../tools/bench/markdown-table.mjs';
import {
  calibrationWindows,
  openTestbedModel,
  perplexity,
  storedShare,
  TESTBED_DATA,
  tokenBatches,
} from '../dist/index.js';

/** The testbed's real models. */
export const MODELS = TESTBED_DATA.map(({ path }) => path);

/**
 * Perplexity, stored size and seconds of each method on each model, as a Markdown table; printed line by line as it goes.
 *
 * @param cases pairs of a label and `(model, calibration) => Promise<compressed model>`
 * @param stored how a share of the dense bytes is written, under its heading
 */
export async function compressionTable(
  data,
  cases,
  { models = MODELS, batchSize = 8, stored = ['bytes', (share) => `${(100 * share).toFixed(1)} %`] } = {},
) {
  if (!data) throw new Error('Name the data folder: --data DIR, or ESPALIER_DATA.');
  await cpuRuntime.activate();
  const [heading, format] = stored;
  const rows = new Map(cases.map(([label]) => [label, []]));
  const headings = [];
  for (const name of models) {
    const { model, calibration, evaluation } = await openTestbedModel(name, { data: dataFolder(data) });
    headings.push(`${name} (dense ${(await perplexity(model, evaluation)).perplexity.toFixed(3)})`);
    const batches = tokenBatches(calibrationWindows(calibration), batchSize);
    for (const [label, compress] of cases) {
      const start = performance.now();
      const compressed = await compress(model, batches);
      const seconds = (performance.now() - start) / 1000;
      const after = (await perplexity(compressed, evaluation)).perplexity;
      rows
        .get(label)
        .push(
          after.toFixed(2),
          format(storedShare(compressed, model)),
          seconds.toFixed(seconds < 10 ? 1 : 0),
        );
      console.log(name, label, ...rows.get(label).slice(-3));
      compressed.dispose();
    }
    batches.dispose();
    model.dispose();
  }
  return markdownTable(
    ['method', ...headings.flatMap((name) => [name, heading, 's'])],
    [...rows].map(([label, cells]) => [label, ...cells]),
  );
}
