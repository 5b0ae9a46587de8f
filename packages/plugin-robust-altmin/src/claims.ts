import { fewIterations } from './claims-accuracy.js';
import { freshSamples } from './claims-fresh-samples.js';
import { picture } from './claims-picture.js';
import { flopsAndTime, linearInObservations, linearInRank } from './claims-time.js';

export default [fewIterations, freshSamples, flopsAndTime, linearInRank, linearInObservations, picture];
