export { type Attended, attend, inChunks } from './attend.js';
export { requireAttentionShape, requireTokens } from './attention-shape.js';
export { FullCache } from './full-cache.js';
