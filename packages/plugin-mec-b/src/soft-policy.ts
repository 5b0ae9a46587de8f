import type { MarkovDecisionProcess } from './markov-decision-process.js';

/** A stochastic policy and the values it comes from. */
export interface SoftPolicy {
  /** states x actions, row by row: pi(a|s). */
  readonly policy: Float64Array;
  /** states x actions: Q(s, a). */
  readonly q: Float64Array;
}

/**
 * Soft Q iteration: V(s) = beta log sum_a exp(Q(s, a) / beta), Q(s, a) = r(s) + discount sum T(s'|s, a) V(s'), Q = r in terminal states;
 * the policy is softmax(Q / beta). At temperature 0 V is the maximum, and the policy is uniform over the best actions.
 * @param temperature beta >= 0: higher is more random, which leaves more room for a message
 */
export function softPolicy(
  world: MarkovDecisionProcess,
  discount: number,
  temperature: number,
  iterations: number,
): SoftPolicy {
  const { states, actions, transitions, rewards, terminal } = world;
  const { rowPointers, columnIndices, values } = transitions;
  const q = new Float64Array(states * actions);
  const value = new Float64Array(states);
  for (let iteration = 0; iteration < iterations; iteration++) {
    for (let s = 0; s < states; s++)
      value[s] = softMaximum(q.subarray(s * actions, (s + 1) * actions), temperature);
    for (let s = 0; s < states; s++) {
      for (let row = s * actions; row < (s + 1) * actions; row++) {
        let ahead = 0;
        if (!terminal[s]) {
          for (let k = rowPointers[row]!; k < rowPointers[row + 1]!; k++)
            ahead += values[k]! * value[columnIndices[k]!]!;
        }
        q[row] = rewards[s]! + discount * ahead;
      }
    }
  }
  const policy = new Float64Array(states * actions);
  for (let s = 0; s < states; s++) {
    softmaxInto(
      q.subarray(s * actions, (s + 1) * actions),
      temperature,
      policy.subarray(s * actions, (s + 1) * actions),
    );
  }
  return { policy, q };
}

function softMaximum(values: Float64Array, temperature: number): number {
  const most = values.reduce((a, b) => Math.max(a, b));
  if (temperature === 0) return most;
  const sum = values.reduce((total, v) => total + Math.exp((v - most) / temperature), 0);
  return most + temperature * Math.log(sum);
}

function softmaxInto(values: Float64Array, temperature: number, out: Float64Array): void {
  const most = values.reduce((a, b) => Math.max(a, b));
  const weight = (v: number) =>
    temperature === 0 ? (v === most ? 1 : 0) : Math.exp((v - most) / temperature);
  const sum = values.reduce((total, v) => total + weight(v), 0);
  for (let a = 0; a < values.length; a++) out[a] = weight(values[a]!) / sum;
}
