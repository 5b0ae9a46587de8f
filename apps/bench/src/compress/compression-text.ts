import type { LayerReport } from '@espalier/core';
import type { Checkpoint } from '@espalier/models';
import { shortNumber, shortTime, textTable } from '../text-table.js';
import type { FolderReport } from './compress-folder.js';
import type { Estimate } from './estimate.js';

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MB`;

/** One finished layer. @param kept whether an earlier run finished it */
export function layerLine(
  { layer, format, sparsity, bitsPerWeight, outputError, seconds }: LayerReport,
  kept: boolean,
): string {
  const error = outputError === undefined ? '' : `  error ${shortNumber(outputError)}`;
  return `${layer}  ${format}  ${(100 * sparsity).toFixed(1)} % zeros  ${bitsPerWeight.toFixed(2)} bits${error}  ${shortTime(1000 * seconds)}${kept ? '  kept' : ''}`;
}

/** Said where the files hold more than what the method stored. */
const SMALLER_FILES =
  'The files hold plain matrices; --format packed writes what the method stored, where there is a form for it in files.';

/** The model before and after. */
export function comparison(report: FolderReport): string {
  const { before, after, format, layers } = report;
  const row = (
    name: string,
    of: (figures: FolderReport['before']) => number,
    unit: (value: number) => string,
  ) => [name, unit(of(before)), unit(of(after)), `${((100 * of(after)) / of(before)).toFixed(1)} %`];
  const table = textTable(
    ['', 'before', 'after', 'after / before'],
    [
      row(
        'perplexity',
        ({ perplexity }) => perplexity,
        (value) => value.toFixed(3),
      ),
      row('size on disk', ({ bytesOnDisk }) => bytesOnDisk, megabytes),
      row('size in memory', ({ bytesInMemory }) => bytesInMemory, megabytes),
    ],
  );
  const isLarger = format === 'dense' && layers.some((layer) => layer.format !== 'dense');
  const looked = `Calibrated on ${report.calibrationWindows}, judged on ${report.evaluationWindows} windows of ${report.window} tokens.`;
  return [table, looked, ...(isLarger ? [SMALLER_FILES] : [])].join('\n\n');
}

/**
 * What a dry run found.
 * @param streams whether the method can work on one decoder layer at a time
 */
export function estimateText(
  found: Estimate,
  { config }: Checkpoint,
  bytesOnDisk: number,
  streams: boolean,
): string {
  const { memory, evaluationMemory, compressing, evaluating, sample, disk } = found;
  const { layer, hiddenStates, hessian, checkpoint, peak } = memory;
  const inMemory = [
    ['decoder layers', String(config.layers)],
    ['one decoder layer in float32', megabytes(layer)],
    ['hidden states of the calibration data', megabytes(hiddenStates)],
    ['hidden states of the evaluation text', megabytes(evaluationMemory.hiddenStates)],
    ['X^T X of the widest layer', megabytes(hessian)],
    ['whole model in float32', megabytes(checkpoint)],
    ...(streams
      ? [
          [
            'needed with --stream, beside the program itself',
            megabytes(Math.max(peak, evaluationMemory.peak)),
          ],
        ]
      : []),
    ['needed without --stream', megabytes(2 * checkpoint + peak)],
  ];
  const inTime = [
    ['compressing', longTime(compressing)],
    ['measuring perplexity before and after', longTime(evaluating)],
  ];
  const onDisk = [
    ['the source', megabytes(bytesOnDisk)],
    ['--format dense', megabytes(disk.dense)],
    disk.packed
      ? [`--format packed (${disk.packed.format})`, megabytes(disk.packed.bytes)]
      : ['--format packed', disk.packedReason ?? ''],
  ];
  const cut =
    sample.finished < 1 ? ` (cut short when ${(100 * sample.finished).toFixed(0)} % were done)` : '';
  const how = `Time: the method was run on the first decoder layer, with all calibration data: ${shortTime(1000 * sample.seconds)}${cut}, times ${sample.multiplyAdds} by multiply-adds. Other programs on the machine, then or now, change it.`;
  return [
    textTable(['memory', ''], inMemory),
    textTable(['time, estimated', ''], inTime),
    how,
    textTable(['size on disk', ''], onDisk),
  ].join('\n\n');
}

function longTime(seconds: number): string {
  if (seconds < 120) return shortTime(1000 * seconds);
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
