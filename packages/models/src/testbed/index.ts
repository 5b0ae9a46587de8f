export { storedShare } from './stored-share.js';
export {
  hasTestbedModel,
  openTestbedModel,
  TESTBED_DATA,
  TESTBED_MODELS,
  type TestbedModel,
  type TestbedModelName,
} from './testbed-model.js';
