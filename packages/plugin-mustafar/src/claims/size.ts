import { createRandom, defineClaim } from '@espalier/core';
import { masked } from '../heads.js';
import { PackedPart } from '../packed-part.js';
import { tokenMagnitude } from '../pruners/magnitude.js';
import { D } from './attention-inputs.js';
import { PAPER_SETTING } from './paper-setting.js';

/** Shares of the dense float16 size: those of the specification of the format. */
const SIZES = { 0.5: 0.656, 0.7: 0.462, 0.9: 0.249 } as const;

export const size = defineClaim({
  name: 'size',
  tier: 'quick',
  statement:
    'A cache of normal numbers (d = 128, 1,024 tokens, float16) takes 65.6 % of the dense size at 50 %, 46.2 % at 70 %, 24.9 % at 90 %, each within a point.',
  paper: { figure: '65 % of the dense size at 50 %, 45 % at 70 %', setting: PAPER_SETTING },
  async measure({ seed }) {
    const random = createRandom(seed);
    const rows = Float32Array.from({ length: 1024 * D }, () => random.normal());
    const measured: Record<string, number> = {};
    for (const sparsity of Object.keys(SIZES)) {
      const pruned = masked(rows, tokenMagnitude(rows, D, Number(sparsity)));
      let bytes = 0;
      for (const target of ['key', 'value'] as const) {
        const part = new PackedPart(target, D, { packing: 'padded', type: 'f16' });
        part.append([pruned]);
        bytes += part.bytes();
        part.dispose();
      }
      measured[`share at ${sparsity}`] = bytes / (2 * 2 * rows.length);
    }
    return measured;
  },
  figure: (measured) =>
    Object.entries(measured)
      .map(([name, share]) => `${name}: ${(100 * share).toFixed(1)} %`)
      .join(', '),
  judge(measured) {
    const off = Object.entries(SIZES).map(([sparsity, share]) =>
      Math.abs(measured[`share at ${sparsity}`] - share),
    );
    const worst = Math.max(...off);
    return {
      verdict: worst <= 0.01 ? 'holds' : off.some((each) => each <= 0.01) ? 'partly' : 'does not hold',
      reason: `Largest difference ${(100 * worst).toFixed(2)} points.`,
    };
  },
});
