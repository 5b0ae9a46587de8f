import type { Scenario } from '@espalier/core';
import { pruneLanguageModel, quantizeLanguageModel } from './compression-scenarios.js';
import { decodeThroughCache } from './kv-scenario.js';
import { findNeedles } from './needle-scenario.js';
import { trainSmallModels } from './optimizer-scenario.js';
import { retrievePasskey } from './passkey-scenario.js';

const scenarios = [
  pruneLanguageModel,
  quantizeLanguageModel,
  decodeThroughCache,
  findNeedles,
  retrievePasskey,
  trainSmallModels,
];
export default scenarios as readonly Scenario<unknown>[];
