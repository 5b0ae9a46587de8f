import { add, div, mean, mul, rsqrt, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineOp } from './op.js';
import { randomTensor, randomInteger } from './random-tensor.js';
import { requireFloat, requireShape } from './requirements.js';
