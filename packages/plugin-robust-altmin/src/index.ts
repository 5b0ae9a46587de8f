import { definePlugin } from '@espalier/core';
import { alsRidge, altminExact } from './altmin-exact.js';
import { robustAltmin } from './robust-altmin.js';
import { robustAltminTheory } from './robust-altmin-theory.js';
import { scaledGradientDescent } from './scaled-gradient-descent.js';
import { softImpute } from './soft-impute.js';
import { svt } from './svt.js';
import { weightedLowRank } from './weighted-low-rank.js';

export type { Matrix } from '@espalier/linalg';
export { clipEntries, clipRows, incoherence } from './clip.js';
export { type FoldedRow, foldIn, type NewRow } from './fold-in.js';
export {
  type LowRankProblem,
  type LowRankProblemSize,
  lowRankProblem,
  ratingsProblem,
  relativeError,
} from './generated-problems.js';
export { type LeadingVectors, leadingVectors } from './leading-vectors.js';
export {
  exactLeastSquares,
  type LeastSquares,
  type SketchedSolve,
  sketchedLeastSquares,
} from './least-squares.js';
export * from './matrix-completion.js';
export { type OrthonormalBasis, orthonormalise } from './orthonormalise.js';
export { hidePixels, type Picture, readPicture } from './pictures.js';
export {
  conjugateGradients,
  factorSketch,
  type Iterate,
  noPreconditioner,
  richardson,
  type SketchFactor,
} from './preconditioned.js';
export { type CompletionModel, predict, predictMany, type Ranked, toDense, topColumns } from './predict.js';
export { applyCountSketch, applySrht, type SketchName } from './sketch.js';
export { tripletsOf } from './triplets.js';
export { paddedLength, walshHadamardInPlace } from './walsh-hadamard.js';
export {
  alsRidge,
  altminExact,
  robustAltmin,
  robustAltminTheory,
  scaledGradientDescent,
  softImpute,
  svt,
  weightedLowRank,
};

export default definePlugin({
  name: '@espalier/plugin-robust-altmin',
  algorithms: [
    robustAltmin,
    robustAltminTheory,
    weightedLowRank,
    altminExact,
    alsRidge,
    scaledGradientDescent,
    softImpute,
    svt,
  ],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
});
