export { type Attended, attend, inChunks } from './attend.js';
export { requireAttentionShape, requireTokens } from './attention-shape.js';
export { requireEmpty, requireEntries, requireFiniteTokens, requireOpen } from './cache-checks.js';
export { FullCache } from './full-cache.js';
