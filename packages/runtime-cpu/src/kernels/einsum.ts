import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { type Context, reshaped } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';
import { callKernel } from './call-kernel.js';

/** `Einsum` of one or two tensors: sums and a batched matrix product. */
export function einsum(context: Context): KernelDefinition {
  return defineKernel<TensorInfo[], { equation: string }>(
    'Einsum',
    context.blas ? 'blas, espalier-simd' : 'espalier-simd',
    ({ inputs, attrs: { equation } }) => {
      const tensors = Object.values(inputs);
      if (tensors.length > 2) {
        throw new Error(
          `Einsum takes one or two tensors here, not ${tensors.length}. Split '${equation}' into steps.`,
        );
      }
      // Checks the equation and the lengths of its axes as tfjs does.
      const { allDims, idDims } = backend_util.decodeEinsumEquation(equation, tensors.length);
      backend_util.checkEinsumDimSizes(
        allDims.length,
        idDims,
        tensors as Parameters<typeof backend_util.checkEinsumDimSizes>[2],
      );
      const [left, output] = equation.replace(/\s/g, '').split('->') as [string, string];
      const [first, second] = left.split(',');
      const disposables: TensorInfo[] = [];
      const keep = (tensor: TensorInfo) => {
        disposables.push(tensor);
        return tensor;
      };
      const a = withoutAxes(context, { tensor: tensors[0]!, axes: first! }, output + (second ?? ''), keep);
      const result =
        second === undefined
          ? a
          : contract(
              context,
              a,
              withoutAxes(context, { tensor: tensors[1]!, axes: second }, output + first, keep),
              output,
              keep,
            );
      const out = inOrder(context, result, output, keep).tensor;
      const returned = reshaped(context, out, out.shape);
      for (const tensor of disposables) context.backend.disposeData(tensor.dataId);
      return returned;
    },
  );
}

/** A tensor and the letter of each axis. */
interface Labelled {
  readonly tensor: TensorInfo;
  readonly axes: string;
}

type Keep = (tensor: TensorInfo) => TensorInfo;

/** Sums over the axes that stand nowhere else. */
function withoutAxes(context: Context, { tensor, axes }: Labelled, needed: string, keep: Keep): Labelled {
  const summed = [...axes].flatMap((axis, i) => (needed.includes(axis) ? [] : [i]));
  if (summed.length === 0) return { tensor, axes };
  const kept = [...axes].filter((axis) => needed.includes(axis)).join('');
  // tfjs's kernels take neighbouring axes best: the summed ones go last.
  const ordered = inOrder(context, { tensor, axes }, kept + summed.map((i) => axes[i]).join(''), keep);
  const last = summed.map((_axis, i) => kept.length + i);
  return {
    tensor: keep(callKernel(context, 'Sum', { x: ordered.tensor }, { axis: last, keepDims: false })),
    axes: kept,
  };
}

/** One batched product: common axes that the output has are batches, the others are summed over. */
function contract(context: Context, a: Labelled, b: Labelled, output: string, keep: Keep): Labelled {
  const common = [...a.axes].filter((axis) => b.axes.includes(axis));
  const batch = common.filter((axis) => output.includes(axis)).join('');
  const summed = common.filter((axis) => !output.includes(axis)).join('');
  const rows = [...a.axes].filter((axis) => !common.includes(axis)).join('');
  const columns = [...b.axes].filter((axis) => !common.includes(axis)).join('');
  const left = inOrder(context, a, batch + rows + summed, keep);
  const right = inOrder(context, b, batch + summed + columns, keep);
  const lengths = new Map([...zip(left), ...zip(right)]);
  const size = (axes: string) => [...axes].reduce((product, axis) => product * lengths.get(axis)!, 1);
  const x = keep(reshaped(context, left.tensor, [size(batch), size(rows), size(summed)]));
  const y = keep(reshaped(context, right.tensor, [size(batch), size(summed), size(columns)]));
  const product = keep(
    callKernel(context, 'BatchMatMul', { a: x, b: y }, { transposeA: false, transposeB: false }),
  );
  const axes = batch + rows + columns;
  const shape = [...axes].map((axis) => lengths.get(axis)!);
  return { tensor: keep(reshaped(context, product, shape)), axes };
}

function zip({ tensor, axes }: Labelled): [string, number][] {
  return [...axes].map((axis, i) => [axis, tensor.shape[i]!]);
}

function inOrder(context: Context, { tensor, axes }: Labelled, order: string, keep: Keep): Labelled {
  if (axes === order) return { tensor, axes };
  const perm = [...order].map((axis) => axes.indexOf(axis));
  return { tensor: keep(callKernel(context, 'Transpose', { x: tensor }, { perm })), axes: order };
}
