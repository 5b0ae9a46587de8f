import { InvalidOptionsError, InvalidProblemError } from '@espalier/core';
import { type CompressedLayer, denseWeight, type LayerTask, type LayerwiseMethod } from '@espalier/models';
import { tensor2d } from '@tensorflow/tfjs-core';
import { calibrateLayer } from './calibrate-layer.js';
import { chooseLayout, indivisible } from './choose-layout.js';
import { chooseGroupSize, chooseScalarLayout } from './choose-scalar-layout.js';
import { initialise } from './initialise.js';
import type { LayerOptions } from './layer-options.js';
import { restoreQuantized, weightOfLayer } from './quantized-layer.js';
import { roundedByGptq, roundedToGrid } from './scalar-layer.js';

/**
 * How one layer becomes codes before any tuning.
 *
 * @param groupSize of the request, before that of the options
 * @throws InvalidOptionsError for options that do not fit each other
 * @throws InvalidProblemError for a group size where there are codebooks
 */
export function layerMethod(
  options: LayerOptions,
  bits: number,
  groupSize: number | 'auto' = options.groupSize ?? 'auto',
): LayerwiseMethod {
  const scalar = options.representation === 'scalar';
  if (!scalar && groupSize !== 'auto')
    throw new InvalidProblemError(
      `Codebooks have no groups of inputs that share a scale; given groupSize ${groupSize}.`,
      { remedy: 'Leave it out; inGroup and outGroup are the sizes of a tile.' },
    );
  if (!scalar && options.codebookValueGroups > 1 && options.codebookValueBits === 16)
    throw new InvalidOptionsError(
      `codebookValueGroups counts where codebookValueBits is below 16; given ${options.codebookValueGroups} groups.`,
    );
  const hessian = scalar ? options.scalarInit === 'gptq' : options.calibrate;
  return {
    gather: hessian ? 'hessian' : 'none',
    propagate: true,
    restore: restoreQuantized,
    compress(task) {
      const { name, outputs, inputs, matrix } = task;
      const misfit = scalar
        ? indivisible(name, 'inputs', inputs, groupSize)
        : (indivisible(name, 'outputs', outputs, options.outGroup) ??
          indivisible(name, 'inputs', inputs, options.inGroup));
      if (misfit && options.onIndivisible === 'refuse') throw new InvalidProblemError(misfit);
      if (misfit)
        return { weight: denseWeight(tensor2d(matrix, [outputs, inputs])), details: { leftDense: misfit } };
      return scalar ? integers(task, bits, groupSize, options) : vectors(task, bits, options);
    },
  };
}

function integers(
  { name, outputs, inputs, matrix, statistics }: LayerTask,
  bits: number,
  groupSize: number | 'auto',
  { scalarInit }: LayerOptions,
): CompressedLayer {
  const layout = chooseScalarLayout(name, [outputs, inputs], bits, chooseGroupSize(inputs, groupSize));
  const layer =
    scalarInit === 'gptq'
      ? roundedByGptq(matrix, layout, statistics!.hessian!)
      : roundedToGrid(matrix, layout);
  return { weight: weightOfLayer(layer), details: { bits: layout.bits, groupSize: layout.groupSize } };
}

function vectors(
  { name, outputs, inputs, matrix, statistics, random, throwIfAborted }: LayerTask,
  bits: number,
  options: LayerOptions,
): CompressedLayer {
  const layout = chooseLayout(name, [outputs, inputs], bits, options);
  const layer = initialise(matrix, layout, options, random.fork('initial'));
  const details = { codebooks: layout.codebooks, codeBits: layout.codeBits, inGroup: layout.inGroup };
  if (!statistics?.hessian) return { weight: weightOfLayer(layer), details };
  const hessian = statistics.hessian.map((value) => value / statistics.rows);
  const settings = { ...options, maxEpochs: options.calibrationEpochs };
  const fitted = calibrateLayer(layer, matrix, hessian, settings, random.fork('calibration'), throwIfAborted);
  return {
    weight: weightOfLayer(fitted.layer),
    details: { ...details, initialOutputLoss: fitted.before, outputLoss: fitted.after },
  };
}
