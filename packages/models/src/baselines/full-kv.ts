import { defineKVCompressor } from '@espalier/core';
import { z } from 'zod';
import { FullCache } from '../kv-cache/full-cache.js';

/** Keeps every key and value. */
export const fullKV = defineKVCompressor({
  name: 'full-kv',
  summary: 'Keeps every key and value.',
  options: z.strictObject({}),
  create: () => ({ open: (shape) => new FullCache(shape) }),
});
