import { cellsToCsr } from './cells.js';
import type { CodingScheme } from './coding-scheme.js';
import { couple } from './couple.js';
import { encode } from './encode.js';
import { codeMarginal, encoderJoint } from './encoder.js';
import { entropy } from './entropy.js';

/** The coupling J of actions and messages in one step of the game. */
export interface StepCoupling {
  /** J[., message] / sum: what the sender draws the action from; the policy itself where rounding has left nothing. */
  actionLaw(message: number): Float64Array;
  /** J[action, .] / sum: what everyone believes after the action; the old belief where the action was not possible. */
  posterior(action: number): Float64Array;
}

/**
 * Couples the law of the next action with the belief about the message (section 5, step 1). The factors are kept, not the product: a
 * posterior costs O(messages + cells).
 * @param policy law of the action in this state, sum 1
 * @param belief law of the message, sum 1
 * @param budget bits of the code for the message
 * @param rate share of the entropy that a code for the action may have, where that side is compressed
 */
export function coupleStep(
  policy: Float64Array,
  belief: Float64Array,
  budget: number,
  rate: number,
  scheme: CodingScheme,
): StepCoupling {
  return scheme.compress === 'message'
    ? compressMessage(policy, belief, budget, scheme)
    : compressAction(policy, belief, rate * entropy(policy), scheme);
}

/** X = message, compressed to T; Y = action. J[a, x] = p(x, t) p(a|t). */
function compressMessage(
  policy: Float64Array,
  belief: Float64Array,
  budget: number,
  { encoder: method, decoder }: CodingScheme,
): StepCoupling {
  const encoder = encode(belief, budget, method);
  const { codeOf, codes, split } = encoder;
  const pt = codeMarginal(encoder, belief);
  const { rows, columns, masses } = couple(pt, policy, decoder);
  const addRow = (law: Float64Array, code: number, share: number): void => {
    for (let k = 0; k < rows.length; k++) {
      if (rows[k] === code) law[columns[k]!]! += (share * masses[k]!) / pt[code]!;
    }
  };
  return {
    actionLaw(message) {
      const law = new Float64Array(policy.length);
      if (codeOf[message]! < 0) return policy.slice();
      const moved = split?.symbol === message ? split.mass / belief[message]! : 0;
      addRow(law, codeOf[message]!, 1 - moved);
      if (moved > 0) addRow(law, split!.to, moved);
      return normalisedOr(law, policy);
    },
    posterior(action) {
      const likelihood = new Float64Array(codes);
      for (let k = 0; k < rows.length; k++) {
        if (columns[k] === action) likelihood[rows[k]!]! += masses[k]! / pt[rows[k]!]!;
      }
      const joint = new Float64Array(belief.length);
      for (let x = 0; x < belief.length; x++) {
        if (codeOf[x]! >= 0) joint[x] = belief[x]! * likelihood[codeOf[x]!]!;
      }
      if (split) {
        const stays = belief[split.symbol]! - split.mass;
        joint[split.symbol] = stays * likelihood[codeOf[split.symbol]!]! + split.mass * likelihood[split.to]!;
      }
      return normalisedOr(joint, belief);
    },
  };
}

/** X = action, compressed to T; Y = message. J[a, m] = p(a, t) p(m|t). */
function compressAction(
  policy: Float64Array,
  belief: Float64Array,
  budget: number,
  { encoder: method, decoder }: CodingScheme,
): StepCoupling {
  const encoder = encode(policy, budget, method);
  const pt = codeMarginal(encoder, policy);
  const joint = encoderJoint(encoder, policy);
  const decoding = cellsToCsr(pt.length, belief.length, couple(pt, belief, decoder));
  /** Calls back with p(a, t) / p(t) and every cell p(t, m) of the code words of one action. */
  const forAction = (action: number, visit: (share: number, message: number, mass: number) => void): void => {
    for (let k = joint.rowPointers[action]!; k < joint.rowPointers[action + 1]!; k++) {
      const t = joint.columnIndices[k]!;
      const share = joint.values[k]! / pt[t]!;
      for (let l = decoding.rowPointers[t]!; l < decoding.rowPointers[t + 1]!; l++)
        visit(share, decoding.columnIndices[l]!, decoding.values[l]!);
    }
  };
  return {
    actionLaw(message) {
      const law = new Float64Array(policy.length);
      for (let a = 0; a < policy.length; a++) {
        forAction(a, (share, m, mass) => {
          if (m === message) law[a]! += share * mass;
        });
      }
      return normalisedOr(law, policy);
    },
    posterior(action) {
      const law = new Float64Array(belief.length);
      forAction(action, (share, m, mass) => {
        law[m]! += share * mass;
      });
      return normalisedOr(law, belief);
    },
  };
}

/** Masses divided by their sum; a copy of `otherwise` where that is 0. */
function normalisedOr(masses: Float64Array, otherwise: Float64Array): Float64Array {
  let sum = 0;
  for (let i = 0; i < masses.length; i++) sum += masses[i]!;
  if (!(sum > 0)) return otherwise.slice();
  for (let i = 0; i < masses.length; i++) masses[i]! /= sum;
  return masses;
}
