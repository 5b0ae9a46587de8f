import { adamPiece } from './adam';
import { adaptiveAdamFractionPiece, adaptiveAdamStepPiece } from './adaptive-adam';
import { adaptiveMomentumFractionPiece, adaptiveMomentumStepPiece } from './adaptive-momentum';
import { attentionPiece } from './attention';
import { attentionGradientPiece } from './attention-gradient';
import { binaryPiece } from './binary';
import { bitmapAttentionJoinPiece, bitmapAttentionPiece } from './bitmap-attention';
import { bitmapMatmulPiece } from './bitmap-matmul';
import { codebookColumnsPiece } from './codebook';
import { codebookTablesPiece, codebookTotalsPiece } from './codebook-tables';
import { conv2dFilterGradientPiece, conv2dPiece } from './conv2d';
import { decodedMatmulGradientPiece, decodedMatmulPiece } from './decoded-matmul';
import { depthwiseFilterGradientPiece, depthwiseInputGradientPiece } from './depthwise';
import { gatherPiece, segmentSumPiece } from './gather';
import { halvesPiece } from './halves';
import { columnsOf, columnsToImagePiece, imageToColumnsPiece } from './image-columns';
import { matmulPiece } from './matmul';
import { maxPoolGradientPiece } from './max-pool';
import { momentumPiece } from './momentum';
import { codewordColumnsPiece, nearestCodewordPiece } from './nearest-codeword';
import { columnSumsPiece, rowSumsPiece } from './reduce';
import { rmsNormGainGradientPiece, rmsNormInputGradientPiece, rmsNormPiece } from './rms-norm';
import { rotaryPiece } from './rotary';
import { softmaxGradientPiece, softmaxPiece } from './softmax';
import { crossEntropyGradientPiece, crossEntropyPiece } from './cross-entropy';
import { swiGluGradientPiece, swiGluPiece } from './swi-glu';
import { transposePiece } from './transpose';
import { unaryPiece } from './unary';

/** The loops, by number: a function value would need static memory, and the memory belongs to another module. */
export const MATMUL: i32 = 0;
export const UNARY: i32 = 1;
export const BINARY: i32 = 2;
export const ROW_SUMS: i32 = 3;
export const COLUMN_SUMS: i32 = 4;
export const TRANSPOSE: i32 = 5;
export const GATHER: i32 = 6;
export const SEGMENT_SUM: i32 = 7;
export const SOFTMAX: i32 = 8;
export const SOFTMAX_GRADIENT: i32 = 9;
export const CROSS_ENTROPY: i32 = 10;
export const CROSS_ENTROPY_GRADIENT: i32 = 11;
export const RMS_NORM: i32 = 12;
export const RMS_NORM_INPUT_GRADIENT: i32 = 13;
export const RMS_NORM_GAIN_GRADIENT: i32 = 14;
export const ROTARY: i32 = 15;
export const SWI_GLU: i32 = 16;
export const SWI_GLU_GRADIENT: i32 = 17;
export const ATTENTION: i32 = 18;
export const ATTENTION_GRADIENT: i32 = 19;
export const ADAM: i32 = 20;
export const IMAGE_TO_COLUMNS: i32 = 21;
export const COLUMNS_TO_IMAGE: i32 = 22;
export const DEPTHWISE_INPUT_GRADIENT: i32 = 23;
export const DEPTHWISE_FILTER_GRADIENT: i32 = 24;
export const MAX_POOL_GRADIENT: i32 = 25;
export const CONV2D: i32 = 26;
export const CONV2D_FILTER_GRADIENT: i32 = 27;
export const BITMAP_MATMUL: i32 = 28;
export const MOMENTUM: i32 = 29;
export const ADAPTIVE_MOMENTUM_FRACTION: i32 = 30;
export const ADAPTIVE_MOMENTUM_STEP: i32 = 31;
export const ADAPTIVE_ADAM_FRACTION: i32 = 32;
export const ADAPTIVE_ADAM_STEP: i32 = 33;
export const HALVES: i32 = 34;
export const DECODED_MATMUL: i32 = 35;
export const DECODED_MATMUL_GRADIENT: i32 = 36;
export const CODEBOOK_COLUMNS: i32 = 37;
export const CODEBOOK_TABLES: i32 = 38;
export const CODEBOOK_TOTALS: i32 = 39;
export const CODEWORD_COLUMNS: i32 = 40;
export const NEAREST_CODEWORD: i32 = 41;
export const BITMAP_ATTENTION: i32 = 42;
export const BITMAP_ATTENTION_JOIN: i32 = 43;

/** Runs indices `first` to `last - 1` of a loop; its arguments lie at `args`; `room` is memory of this thread alone. */
export function runPiece(piece: i32, args: usize, first: usize, last: usize, room: usize): void {
  switch (piece) {
    case MATMUL:
      return matmulPiece(args, first, last, room);
    case UNARY:
      return unaryPiece(args, first, last);
    case BINARY:
      return binaryPiece(args, first, last);
    case ROW_SUMS:
      return rowSumsPiece(args, first, last);
    case COLUMN_SUMS:
      return columnSumsPiece(args, first, last);
    case TRANSPOSE:
      return transposePiece(args, first, last);
    case GATHER:
      return gatherPiece(args, first, last);
    case SEGMENT_SUM:
      return segmentSumPiece(args, first, last);
    case SOFTMAX:
      return softmaxPiece(args, first, last);
    case SOFTMAX_GRADIENT:
      return softmaxGradientPiece(args, first, last);
    case CROSS_ENTROPY:
      return crossEntropyPiece(args, first, last);
    case CROSS_ENTROPY_GRADIENT:
      return crossEntropyGradientPiece(args, first, last);
    case RMS_NORM:
      return rmsNormPiece(args, first, last);
    case RMS_NORM_INPUT_GRADIENT:
      return rmsNormInputGradientPiece(args, first, last);
    case RMS_NORM_GAIN_GRADIENT:
      return rmsNormGainGradientPiece(args, first, last);
    case ROTARY:
      return rotaryPiece(args, first, last);
    case SWI_GLU:
      return swiGluPiece(args, first, last);
    case SWI_GLU_GRADIENT:
      return swiGluGradientPiece(args, first, last);
    case ATTENTION:
      return attentionPiece(args, first, last, room);
    case ATTENTION_GRADIENT:
      return attentionGradientPiece(args, first, last, room);
    case ADAM:
      return adamPiece(args, first, last);
    case IMAGE_TO_COLUMNS:
      return imageToColumnsPiece(args, first, last, columnsOf(args, first));
    case COLUMNS_TO_IMAGE:
      return columnsToImagePiece(args, first, last);
    case DEPTHWISE_INPUT_GRADIENT:
      return depthwiseInputGradientPiece(args, first, last);
    case DEPTHWISE_FILTER_GRADIENT:
      return depthwiseFilterGradientPiece(args, first, last);
    case MAX_POOL_GRADIENT:
      return maxPoolGradientPiece(args, first, last);
    case CONV2D:
      return conv2dPiece(args, first, last, room);
    case CONV2D_FILTER_GRADIENT:
      return conv2dFilterGradientPiece(args, first, last, room);
    case BITMAP_MATMUL:
      return bitmapMatmulPiece(args, first, last, room);
    case MOMENTUM:
      return momentumPiece(args, first, last);
    case ADAPTIVE_MOMENTUM_FRACTION:
      return adaptiveMomentumFractionPiece(args, first, last);
    case ADAPTIVE_MOMENTUM_STEP:
      return adaptiveMomentumStepPiece(args, first, last);
    case ADAPTIVE_ADAM_FRACTION:
      return adaptiveAdamFractionPiece(args, first, last);
    case ADAPTIVE_ADAM_STEP:
      return adaptiveAdamStepPiece(args, first, last);
    case HALVES:
      return halvesPiece(args, first, last);
    case DECODED_MATMUL:
      return decodedMatmulPiece(args, first, last, room);
    case DECODED_MATMUL_GRADIENT:
      return decodedMatmulGradientPiece(args, first, last, room);
    case CODEBOOK_COLUMNS:
      return codebookColumnsPiece(args, first, last);
    case CODEBOOK_TABLES:
      return codebookTablesPiece(args, first, last, room);
    case CODEBOOK_TOTALS:
      return codebookTotalsPiece(args, first, last);
    case CODEWORD_COLUMNS:
      return codewordColumnsPiece(args, first, last);
    case NEAREST_CODEWORD:
      return nearestCodewordPiece(args, first, last, room);
    case BITMAP_ATTENTION:
      return bitmapAttentionPiece(args, first, last, room);
    case BITMAP_ATTENTION_JOIN:
      return bitmapAttentionJoinPiece(args, first, last, room);
  }
}
