/** How a layer `[outputs, inputs]` is cut into tiles `[outGroup, inGroup]`, and what a tile is coded with. */
export interface CodebookLayout {
  readonly outputs: number;
  readonly inputs: number;
  /** Rows of a tile; divides `outputs`. */
  readonly outGroup: number;
  /** Columns of a tile; divides `inputs`. */
  readonly inGroup: number;
  /** M: vectors whose sum is a tile. */
  readonly codebooks: number;
  /** B: each codebook has 2^B vectors. */
  readonly codeBits: number;
  /** Above 0: every tile has a scale of its own, coded in so many bits, up to 16. Default 0: a scale for all tiles of an out-group. */
  readonly scaleBits?: number;
  /** Below 16: numbers in codebooks are codes of so many bits into small tables. Default 16. */
  readonly codebookValueBits?: number;
  /** Stretches of a codebook with tables of their own; divides 2^B. Default 1. */
  readonly codebookValueGroups?: number;
}

/** A layer as codes: tile (i, j) = scale_i * sum_m C_m[codes_ijm]. */
export interface CodebookLayer {
  readonly layout: CodebookLayout;
  /** `[outputs / outGroup, inputs / inGroup, M]` */
  readonly codes: Uint16Array;
  /** `[M, 2^B, outGroup, inGroup]` */
  readonly codebooks: Float64Array;
  /** `[outputs / outGroup]`, with `scaleBits` `[outputs / outGroup, inputs / inGroup]` */
  readonly scales: Float64Array;
}

/** Elements of a tile. */
export const tileSize = ({ outGroup, inGroup }: CodebookLayout): number => outGroup * inGroup;

/** Number of tiles. */
export const tileCount = (layout: CodebookLayout): number =>
  (layout.outputs * layout.inputs) / tileSize(layout);

/** Tiles of an out-group, which share a scale unless `scaleBits` gives each its own. */
export const tilesPerScale = ({ inputs, inGroup }: CodebookLayout): number => inputs / inGroup;

/** Number of scales. */
export const scaleCount = (layout: CodebookLayout): number =>
  layout.scaleBits ? tileCount(layout) : layout.outputs / layout.outGroup;

/** Index of the scale of a tile. */
export const scaleOfTile = (layout: CodebookLayout, tile: number): number =>
  layout.scaleBits ? tile : Math.floor(tile / tilesPerScale(layout));

/** Whether scales are codes into a table of their out-group; where a table would be as long as the scales they stand as they are. */
export const scalesAreCoded = (layout: CodebookLayout): boolean =>
  !!layout.scaleBits && layout.scaleBits < 16 && 2 ** layout.scaleBits < tilesPerScale(layout);

/** Whether numbers in codebooks are codes into tables. */
export const codebooksAreCoded = ({ codebookValueBits = 16 }: CodebookLayout): boolean =>
  codebookValueBits < 16;

/**
 * Bits a weight, everything stored counted: [N/g M B + codebooks + scales] / N. Codebooks are M 2^B g 16, or M 2^B g b + 2^b M groups g 16 with
 * `codebookValueBits` b; scales are 16 each, or s each and 2^s 16 for every out-group with `scaleBits` s.
 */
export function bitsPerWeight(layout: CodebookLayout): number {
  const { outputs, inputs, outGroup, codebooks, codeBits } = layout;
  const { scaleBits = 0, codebookValueBits = 16, codebookValueGroups = 1 } = layout;
  const codes = tileCount(layout) * codebooks * codeBits;
  const values = codebooks * 2 ** codeBits * tileSize(layout) * codebookValueBits;
  const tables = codebooksAreCoded(layout)
    ? 2 ** codebookValueBits * codebooks * codebookValueGroups * tileSize(layout) * 16
    : 0;
  const scales = scalesAreCoded(layout)
    ? scaleCount(layout) * scaleBits + (outputs / outGroup) * 2 ** scaleBits * 16
    : scaleCount(layout) * 16;
  return (codes + values + tables + scales) / (outputs * inputs);
}

/** A row-major matrix as its tiles, one after the other, out-group major; each tile is row-major. */
export function toTiles(matrix: ArrayLike<number>, layout: CodebookLayout): Float64Array {
  const tiles = new Float64Array(matrix.length);
  eachElement(layout, (inMatrix, inTiles) => {
    tiles[inTiles] = matrix[inMatrix];
  });
  return tiles;
}

/** The inverse of {@link toTiles}. */
export function fromTiles(tiles: ArrayLike<number>, layout: CodebookLayout): Float64Array {
  const matrix = new Float64Array(tiles.length);
  eachElement(layout, (inMatrix, inTiles) => {
    matrix[inMatrix] = tiles[inTiles];
  });
  return matrix;
}

/** The matrix that a layer stands for, in tiles. */
export function dequantizeTiles(layer: CodebookLayer): Float64Array {
  const { layout, scales } = layer;
  const [size, count] = [tileSize(layout), tileCount(layout)];
  const tiles = unscaledTiles(layer);
  for (let tile = 0; tile < count; tile++) {
    const scale = scales[scaleOfTile(layout, tile)];
    for (let k = tile * size; k < (tile + 1) * size; k++) tiles[k] *= scale;
  }
  return tiles;
}

/** Gradients by codebooks and scales with the present codes, from the gradient by the matrix, in tiles. */
export function codebookGradients(
  layer: CodebookLayer,
  gradient: ArrayLike<number>,
): { readonly codebooks: Float64Array; readonly scales: Float64Array } {
  const { layout, codes, codebooks, scales } = layer;
  const [size, count] = [tileSize(layout), tileCount(layout)];
  const vectors = 2 ** layout.codeBits;
  const unscaled = unscaledTiles(layer);
  const byCodebooks = new Float64Array(codebooks.length);
  const byScales = new Float64Array(scales.length);
  for (let tile = 0; tile < count; tile++) {
    const group = scaleOfTile(layout, tile);
    const start = tile * size;
    for (let k = 0; k < size; k++) byScales[group] += gradient[start + k] * unscaled[start + k];
    for (let m = 0; m < layout.codebooks; m++) {
      const at = (m * vectors + codes[tile * layout.codebooks + m]) * size;
      for (let k = 0; k < size; k++) byCodebooks[at + k] += scales[group] * gradient[start + k];
    }
  }
  return { codebooks: byCodebooks, scales: byScales };
}

/** The sums of the coded vectors, without scales. */
function unscaledTiles({ layout, codes, codebooks }: CodebookLayer): Float64Array {
  const [size, count, vectors] = [tileSize(layout), tileCount(layout), 2 ** layout.codeBits];
  const tiles = new Float64Array(count * size);
  for (let tile = 0, code = 0; tile < count; tile++)
    for (let m = 0; m < layout.codebooks; m++, code++) {
      const at = (m * vectors + codes[code]) * size;
      for (let k = 0; k < size; k++) tiles[tile * size + k] += codebooks[at + k];
    }
  return tiles;
}

function eachElement(layout: CodebookLayout, visit: (inMatrix: number, inTiles: number) => void): void {
  const { outputs, inputs, outGroup, inGroup } = layout;
  for (let top = 0, at = 0; top < outputs; top += outGroup)
    for (let left = 0; left < inputs; left += inGroup)
      for (let row = top; row < top + outGroup; row++)
        for (let column = left; column < left + inGroup; column++) visit(row * inputs + column, at++);
}
