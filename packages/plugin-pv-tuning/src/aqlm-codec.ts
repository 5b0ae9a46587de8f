import {
  InvalidDataError,
  type JsonObject,
  type StoredWeight,
  type TensorPart,
  UnsupportedError,
  type WeightCodec,
  type WeightOutline,
} from '@espalier/core';
import { float32FromFloat16, unpackCodes } from '@espalier/models';
import { fromAqlmTensors, toAqlmTensors } from './aqlm-tensors.js';
import {
  bitsPerWeight,
  type CodebookLayer,
  type CodebookLayout,
  dequantizeTiles,
  fromTiles,
  tileCount,
  tilesPerScale,
} from './codebook-layer.js';
import { codebookWeight } from './codebook-weight.js';

type Parts = Readonly<Record<string, TensorPart>>;
/** What all layers of a checkpoint share. */
type Shared = Pick<CodebookLayout, 'codebooks' | 'codeBits' | 'outGroup' | 'inGroup'>;

/**
 * Codebook weights as public AQLM checkpoints hold them (github.com/Vahe1994/AQLM), which transformers and vLLM load: for each layer
 * - `codes` `[outputs / outGroup, inputs / inGroup, M]`, I8 up to 8 bits and I16 up to 16: a code c from 2^(B-1) on stands as c - 2^B;
 * - `codebooks` F16 `[M, 2^B, outGroup, inGroup]`;
 * - `scales` F16 `[outputs / outGroup, 1, 1, 1]`.
 * One layout serves all layers, and every other tensor is F16.
 */
export const aqlmCodec: WeightCodec = {
  method: 'aqlm',
  summary: 'Codebooks, codes and scales as AQLM has them; transformers and vLLM read it.',
  formats: ['codebook'],
  parts: ['codes', 'codebooks', 'scales'],
  dtype: 'F16',
  configure(layers, others) {
    const { codebooks, codeBits, outGroup, inGroup } = sharedLayout(layers);
    // Loaders replace every linear layer that is not named here, the head also where it is tied and has no tensor.
    const dense = new Set([...others.keys()].filter((name) => name.endsWith('.weight')));
    if (!layers.has('lm_head')) dense.add('lm_head.weight');
    return {
      quant_method: 'aqlm',
      nbits_per_codebook: codeBits,
      num_codebooks: codebooks,
      out_group_size: outGroup,
      in_group_size: inGroup,
      linear_weights_not_to_quantize: [...dense].sort(),
    };
  },
  encode(weight) {
    const layer = layerOf(weight);
    const { layout } = layer;
    const { codes, codebooks, scales } = toAqlmTensors(layer);
    const groups = layout.outputs / layout.outGroup;
    return {
      codes: {
        dtype: codeType(layout),
        shape: [groups, tilesPerScale(layout), layout.codebooks],
        content: bytesOf(codes),
      },
      codebooks: {
        dtype: 'F16',
        shape: [layout.codebooks, 2 ** layout.codeBits, layout.outGroup, layout.inGroup],
        content: bytesOf(codebooks),
      },
      scales: { dtype: 'F16', shape: [groups, 1, 1, 1], content: bytesOf(scales) },
    };
  },
  open(configuration, at) {
    const shared = readShared(configuration, at);
    const read = (parts: Parts) => readLayer(shared, parts);
    return {
      shapeOf(parts) {
        const { outputs, inputs } = layoutOf(shared, parts);
        return [outputs, inputs];
      },
      decode: async (parts) => codebookWeight(await read(parts)),
      async toDense(parts) {
        const layer = await read(parts);
        return Float32Array.from(fromTiles(dequantizeTiles(layer), layer.layout));
      },
    };
  },
};

/** "MxBgG" of the field, with the rows of a tile where there are several. */
const nameOf = ({ codebooks, codeBits, outGroup, inGroup }: Shared): string =>
  `${codebooks}x${codeBits}g${outGroup === 1 ? '' : `${outGroup}x`}${inGroup}`;

/** @throws UnsupportedError where layers differ, with a layout that all of them can have */
function sharedLayout(layers: ReadonlyMap<string, WeightOutline>): Shared {
  const layouts = new Map([...layers].map(([name, outline]) => [name, outlined(outline)]));
  const byName = Map.groupBy(layouts, ([, layout]) => nameOf(layout));
  const [first] = layouts.values();
  if (!first) throw new UnsupportedError('There is no layer of codebooks to write as AQLM.');
  if (byName.size === 1) return first;
  const found = [...byName].map(([name, [[layer], ...more]]) =>
    more.length > 0 ? `${name} (${layer} and ${more.length} more)` : `${name} (${layer})`,
  );
  throw new UnsupportedError(
    `AQLM files have one layout for all layers; these have ${byName.size}: ${found.join(', ')}.`,
    { remedy: `${oneForAll([...layouts.values()])}Or write the checkpoint dense.` },
  );
}

/** A sentence that names the layout with most bits of code that every layer can have within the bits that they take now. */
function oneForAll(layouts: readonly CodebookLayout[]): string {
  const limit = Math.max(...layouts.map(bitsPerWeight));
  const { codebooks, outGroup } = layouts[0]!;
  let best: { readonly shared: Shared; readonly bits: number } | undefined;
  for (const inGroup of [8, 4, 2, 1])
    for (let codeBits = 1; codeBits <= 16; codeBits++) {
      const shared = { codebooks, outGroup, inGroup, codeBits };
      const all = layouts.map((layout) => ({ ...layout, ...shared }));
      const possible = all.every(
        (layout) => layout.inputs % inGroup === 0 && 2 ** codeBits <= tileCount(layout),
      );
      const bits = Math.max(...all.map(bitsPerWeight));
      const better = !best || codeBits / inGroup > best.shared.codeBits / best.shared.inGroup;
      if (possible && bits <= limit + 1e-9 && better) best = { shared, bits };
    }
  if (!best) return '';
  const { codeBits, inGroup } = best.shared;
  return `Give one for all, for example codebooks=${codebooks}, codeBits=${codeBits}, inGroup=${inGroup}, which takes up to ${best.bits.toFixed(2)} bits a weight. `;
}

function outlined({ shape: [outputs, inputs], attributes }: WeightOutline): CodebookLayout {
  const { outGroup, inGroup, codebooks, codeBits, ...more } = attributes as Record<string, number>;
  const unknown = Object.keys(more);
  const numbers = [outGroup, inGroup, codebooks, codeBits];
  if (unknown.length > 0 || !numbers.every((value) => Number.isInteger(value)))
    throw new UnsupportedError(
      `AQLM files hold codes, float16 codebooks and float16 scales; this weight has ${JSON.stringify(attributes)}.`,
      { remedy: 'Write the checkpoint dense, or quantize again without what is further compressed.' },
    );
  return { outputs, inputs, outGroup, inGroup, codebooks, codeBits } as CodebookLayout;
}

function layerOf({ shape, format, arrays, attributes }: StoredWeight): CodebookLayer {
  const layout = outlined({ shape, format, attributes });
  const { codes, codebooks, scales, ...more } = arrays;
  if (
    Object.keys(more).length > 0 ||
    !(codes?.data instanceof Uint8Array) ||
    !(codebooks?.data instanceof Uint16Array) ||
    !(scales?.data instanceof Uint16Array)
  )
    throw new UnsupportedError(
      `AQLM files hold codes, codebooks and scales in float16; this weight has ${Object.keys(arrays)}.`,
    );
  return {
    layout,
    codes: Uint16Array.from(unpackCodes(codes.data, layout.codeBits, tileCount(layout) * layout.codebooks)),
    codebooks: Float64Array.from(float32FromFloat16(codebooks.data)),
    scales: Float64Array.from(float32FromFloat16(scales.data)),
  };
}

const codeType = ({ codeBits }: Shared) => (codeBits <= 8 ? 'I8' : 'I16');

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The fields of `quantization_config`. @throws InvalidDataError for one that is missing or out of range */
function readShared(configuration: JsonObject, at: string): Shared {
  const field = (name: string, most: number): number => {
    const value = configuration[name];
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most)
      return value as number;
    throw new InvalidDataError(
      `${at}: quantization_config.${name} is ${JSON.stringify(value)}; it has to be a whole number from 1 to ${most}.`,
    );
  };
  return {
    codeBits: field('nbits_per_codebook', 16),
    codebooks: field('num_codebooks', 64),
    outGroup: field('out_group_size', 4096),
    inGroup: field('in_group_size', 4096),
  };
}

/** The layout of a layer from the shapes of its tensors. */
function layoutOf(shared: Shared, { codes, codebooks, scales }: Parts): CodebookLayout {
  const { codeBits, outGroup, inGroup, codebooks: count } = shared;
  const [groups, tiles, perTile] = codes!.shape;
  requirePart(codes!, codeType(shared), '[outputs / outGroup, inputs / inGroup, codebooks]', [
    groups ?? 0,
    tiles ?? 0,
    count,
  ]);
  requirePart(codebooks!, 'F16', 'num_codebooks, 2^nbits_per_codebook, out_group_size, in_group_size', [
    perTile!,
    2 ** codeBits,
    outGroup,
    inGroup,
  ]);
  requirePart(scales!, 'F16', 'a scale for each group of outputs in codes', [groups!, 1, 1, 1]);
  return {
    outputs: groups! * outGroup,
    inputs: tiles! * inGroup,
    outGroup,
    inGroup,
    codebooks: count,
    codeBits,
  };
}

function requirePart(
  { dtype, shape, at }: TensorPart,
  type: string,
  why: string,
  expected: readonly number[],
): void {
  if (dtype !== type)
    throw new InvalidDataError(
      `${at} has elements of type ${dtype}; AQLM with this configuration has ${type}.`,
    );
  if (shape.join() !== expected.join() || shape.includes(0))
    throw new InvalidDataError(`${at} has the shape [${shape}]; expected is [${expected}] (${why}).`);
}

async function readLayer(shared: Shared, parts: Parts): Promise<CodebookLayer> {
  const layout = layoutOf(shared, parts);
  const { codes, codebooks, scales } = parts;
  const { buffer } = await codes!.readBytes();
  const layer = fromAqlmTensors(
    layout,
    {
      codes: layout.codeBits <= 8 ? new Int8Array(buffer) : new Int16Array(buffer),
      codebooks: await halves(codebooks!),
      scales: await halves(scales!),
    },
    codes!.at,
  );
  return layer;
}

/** Float16 patterns, none of them NaN or infinite. */
async function halves(part: TensorPart): Promise<Uint16Array> {
  await part.read(); // refuses NaN and infinities, with their place
  return new Uint16Array((await part.readBytes()).buffer);
}
