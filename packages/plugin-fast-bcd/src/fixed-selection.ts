import { UnsupportedError } from '@espalier/core';
import type { Matrix } from '@espalier/linalg';
import { type BlockFactor, factorBlock } from './block-solve.js';
import { improvements, modelDecreases } from './improvements.js';
import type { SelectionRule, SelectionState } from './selection-state.js';
import { largestEntry } from './top-entries.js';
import type { VariableSelection } from './variable-selection.js';

/** On the diagonal of H_b before it is inverted for gsq (reference code). */
const GSQ_SHIFT = 1e-10;

/**
 * The rule that picks a block of a fixed partition.
 * @param norm 2: the paper's scores, squares added up; 1: the reference code's, absolute values added up
 * @throws UnsupportedError for rules that are made for variable blocks
 */
export function fixedRule(
  name: VariableSelection,
  blocks: readonly Int32Array[],
  norm: 1 | 2,
  onSimplex: boolean,
): SelectionRule {
  const chosen = blocks.map((block, id) => ({ block, id }));
  const greedy = (
    score: (state: SelectionState) => (block: Int32Array, id: number) => number,
  ): SelectionRule => {
    if (onSimplex) throw notOnSimplex(name);
    return (state) => {
      const scoreOf = score(state);
      return chosen[largestEntry(Float64Array.from(blocks, scoreOf))];
    };
  };
  const power = (v: number) => (norm === 2 ? v * v : Math.abs(v));
  const root = (v: number) => (norm === 2 ? v : Math.sqrt(v));
  switch (name) {
    case 'random':
      return ({ random }) => chosen[random.integer(blocks.length)];
    case 'cyclic':
      return ({ iteration }) => chosen[iteration % blocks.length];
    case 'lipschitz':
      return byLipschitz(chosen);
    case 'gs':
      return greedy((state) => {
        const s = improvements(state);
        return (block) => block.reduce((sum, i) => sum + power(s[i]), 0);
      });
    case 'gsl':
      return greedy((state) => {
        const s = improvements(state);
        return (block, id) => {
          const lipschitz = state.blockLipschitz(chosen[id]);
          return lipschitz > 0 ? block.reduce((sum, i) => sum + power(s[i]), 0) / root(lipschitz) : 0;
        };
      });
    case 'gsd':
      return greedy((state) => {
        const s = improvements(state);
        const { lipschitz } = state;
        return (block) =>
          block.reduce((sum, i) => sum + (lipschitz[i] > 0 ? power(s[i]) / root(lipschitz[i]) : 0), 0);
      });
    case 'gsq-prox':
      return greedy((state) => {
        const decreases = modelDecreases(state);
        return (block) => block.reduce((sum, i) => sum + decreases[i], 0);
      });
    case 'gsq': {
      const factors: BlockFactor[] = [];
      return greedy((state) => {
        const s = improvements(state);
        return (block, id) => {
          factors[id] ??= factorBlock(shifted(state.constants.bound(chosen[id])));
          const own = Float64Array.from(block, (i) => s[i]);
          return factors[id].solve(own).reduce((sum, v, j) => sum + v * own[j], 0);
        };
      });
    }
    default:
      throw new UnsupportedError(
        `The selection '${name}' picks variables freely; it has no rule for fixed blocks.`,
        {
          remedy: "Use the partition 'variable', or another selection.",
        },
      );
  }
}

/** A block with probability proportional to L_b. */
function byLipschitz(chosen: readonly { readonly block: Int32Array; readonly id: number }[]): SelectionRule {
  let sums: Float64Array | undefined;
  return ({ constants, random }) => {
    if (!sums) {
      let sum = 0;
      sums = Float64Array.from(chosen, (one) => {
        sum += constants.lipschitz(one);
        return sum;
      });
    }
    const drawn = random.uniform() * sums[sums.length - 1];
    const id = sums.findIndex((sum) => drawn < sum);
    return chosen[id < 0 ? chosen.length - 1 : id];
  };
}

function shifted(H: Matrix): Matrix {
  const data = H.data.slice();
  for (let i = 0; i < H.rows; i++) data[i * H.cols + i] += GSQ_SHIFT;
  return { ...H, data };
}

function notOnSimplex(name: string): UnsupportedError {
  return new UnsupportedError(`The selection '${name}' does not score fixed blocks on a simplex.`, {
    remedy: "Use 'random', 'cyclic' or 'lipschitz', or the partition 'variable'.",
  });
}
