import { definePlugin } from '@espalier/core';
import {
  adamW,
  fullKV,
  gptq,
  h2o,
  magnitude,
  momentumSgd,
  roundToNearest,
  snapKV,
  sparseGpt,
  streamingLlm,
  wanda,
} from '@espalier/models/baselines';

export {
  adamW,
  fullKV,
  gptq,
  h2o,
  magnitude,
  momentumSgd,
  roundToNearest,
  snapKV,
  sparseGpt,
  streamingLlm,
  wanda,
};

export default definePlugin({
  name: '@espalier/plugin-baselines',
  algorithms: [
    magnitude,
    wanda,
    sparseGpt,
    roundToNearest,
    gptq,
    fullKV,
    streamingLlm,
    h2o,
    snapKV,
    momentumSgd,
    adamW,
  ],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
});
