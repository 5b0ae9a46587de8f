import { attentionError } from './claims/attention-error.js';
import { decodeSpeed } from './claims/decode-speed.js';
import { exactness } from './claims/exactness.js';
import { fullPerplexity, perplexity } from './claims/perplexity.js';
import { size } from './claims/size.js';

export { decodeTimes } from './claims/decode-speed.js';
export default [attentionError, exactness, size, decodeSpeed, perplexity, fullPerplexity];
