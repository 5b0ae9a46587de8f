import { z } from 'zod';
import { defineLayerwiseQuantizer } from '../definers/define-layerwise-quantizer.js';
import { roundToNearest as roundMatrix } from '../layer-compressors/round-to-nearest.js';
import { integerWeight, storedScale } from '../weights/integer.js';

/** What whole-number quantizers offer, for the message. */
export const WHOLE_BITS = 'whole bits from 1 to 8';

/** Whether a width is one of {@link WHOLE_BITS}. */
export const acceptsWholeBits = (bits: number): true | string =>
  (Number.isInteger(bits) && bits >= 1 && bits <= 8) || WHOLE_BITS;

/** Each weight as the nearest of 2^bits evenly spaced values between the smallest and largest of its group. */
export const roundToNearest = defineLayerwiseQuantizer({
  name: 'rtn',
  summary: 'Rounds each weight to the nearest of evenly spaced values.',
  options: z.strictObject({
    symmetric: z.boolean().default(false).describe('Values spaced evenly about zero.'),
  }),
  examples: { default: {}, symmetric: { symmetric: true } },
  accepts: acceptsWholeBits,
  quantizeLayer({ matrix, outputs, inputs, bits, groupSize }, { symmetric }) {
    const codes = roundMatrix(matrix, inputs, { bits, groupSize, symmetric, roundScale: storedScale });
    return integerWeight({ shape: [outputs, inputs], bits, groupSize, ...codes });
  },
});
