import {
  type Batch,
  createRandom,
  DEFAULT_SEED,
  InvalidProblemError,
  type KVCompressor,
  type RandomSource,
  type RunOptions,
  startRun,
} from '@espalier/core';
import { tensor2d } from '@tensorflow/tfjs-core';
import { generate } from '../generate/generate.js';
import type { LlamaModel } from '../llama/llama-model.js';

/** See {@link passkeyTask}. */
export interface PasskeyOptions {
  /** Bytes of the whole sequence, answer included. At least 48. */
  readonly length: number;
  /** Where the fact stands, from 0 (start) to 1 (just before the question). */
  readonly depth: number;
  readonly seed?: number;
}

/** A text of bytes: filler with one fact `key=value;` in it, then the question `key?`, then the answer. */
export interface PasskeyTask {
  readonly prompt: Int32Array;
  readonly answer: Int32Array;
  readonly depth: number;
}

const ANSWER = 4;
const WORDS = [
  'the',
  'grass',
  'is',
  'green',
  'sky',
  'blue',
  'sun',
  'yellow',
  'here',
  'we',
  'go',
  'there',
  'and',
  'back',
];

/**
 * A sequence for models of bytes (token = byte): the value of a key has to be found again.
 * @throws InvalidProblemError for options out of range
 */
export function passkeyTask({ length, depth, seed = DEFAULT_SEED }: PasskeyOptions): PasskeyTask {
  if (!(Number.isSafeInteger(length) && length >= 48))
    throw new InvalidProblemError(`A passkey sequence has at least 48 bytes; given ${length}.`);
  if (!(depth >= 0 && depth <= 1)) throw new InvalidProblemError(`A depth is in [0, 1]; given ${depth}.`);
  const random = createRandom(seed);
  const key = letters(random, 2);
  const value = Array.from({ length: ANSWER }, () => random.integer(10)).join('');
  const [fact, question] = [`${key}=${value};`, `${key}?`];
  const room = length - fact.length - question.length - ANSWER;
  const before = Math.round(depth * room);
  const text = `${filler(random, before)}${fact}${filler(random, room - before)}${question}`;
  return { prompt: bytesOf(text), answer: bytesOf(value), depth };
}

/** Tasks of one length as a batch for training: the answer alone counts. The caller disposes of its tensors. */
export function passkeyBatch(tasks: readonly PasskeyTask[]): Batch {
  const length = (tasks[0]?.prompt.length ?? 0) + ANSWER;
  if (tasks.length === 0 || tasks.some(({ prompt }) => prompt.length + ANSWER !== length))
    throw new InvalidProblemError('A batch is made of at least one task, all of one length.');
  const inputs = new Int32Array(tasks.length * (length - 1));
  const targets = new Int32Array(inputs.length).fill(-1);
  tasks.forEach(({ prompt, answer }, i) => {
    const start = i * (length - 1);
    inputs.set(prompt, start);
    inputs.set(answer.subarray(0, ANSWER - 1), start + prompt.length);
    targets.set(answer, start + prompt.length - 1);
  });
  const shape: [number, number] = [tasks.length, length - 1];
  return { inputs: tensor2d(inputs, shape, 'int32'), targets: tensor2d(targets, shape, 'int32') };
}

/**
 * Share of the tasks whose answer the model gives, byte for byte, decoding greedily through a compressed cache.
 * @throws AbortedError between tasks
 */
export async function passkeyAccuracy(
  model: LlamaModel,
  compressor: KVCompressor,
  tasks: readonly PasskeyTask[],
  run: RunOptions = {},
): Promise<number> {
  if (tasks.length === 0) throw new InvalidProblemError('There is no task.');
  const state = startRun(run);
  let right = 0;
  for (const [i, { prompt, answer }] of tasks.entries()) {
    await state.turn();
    const { newTokens } = await generate(model, prompt, { maxNewTokens: ANSWER, compressor });
    if (newTokens.join() === answer.join()) right++;
    state.report({ iteration: i + 1, fraction: (i + 1) / tasks.length, value: right / (i + 1) });
  }
  return right / tasks.length;
}

function letters(random: RandomSource, count: number): string {
  return String.fromCharCode(...Array.from({ length: count }, () => 65 + random.integer(26)));
}

/** Exactly `length` bytes of words. */
function filler(random: RandomSource, length: number): string {
  let text = '';
  while (text.length < length) text += `${WORDS[random.integer(WORDS.length)]} `;
  return text.slice(0, length);
}

function bytesOf(text: string): Int32Array {
  return Int32Array.from(text, (char) => char.charCodeAt(0));
}
