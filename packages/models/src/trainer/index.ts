export {
  type ByteModel,
  type ByteModelSettings,
  cachedByteModel,
  trainByteModel,
} from './byte-model.js';
export { decodeState, encodeState } from './encode-state.js';
export { crossEntropy, multilayerPerceptron, type PerceptronOptions } from './multilayer-perceptron.js';
export { nextTokenBatches } from './next-token-batches.js';
export {
  cachedPasskeyModel,
  type PasskeyModelSettings,
  trainPasskeyModel,
} from './passkey-model.js';
export { type Schedule, type ScheduleOptions, schedule } from './schedule.js';
export { type Samples, shuffledBatches, wholeBatch } from './shuffled-batches.js';
export { generateStories } from './story-grammar.js';
export { type TrainingResult, train } from './train.js';
export { type Trainable, type TrainingObjective, trainableFunction, trainableModel } from './trainable.js';
export type { TrainedStep, TrainingPlan } from './training-plan.js';
export { captureState, restoreState, type TrainingState } from './training-state.js';
export { writeLlama } from './write-llama.js';
