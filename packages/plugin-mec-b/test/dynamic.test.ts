import { createRandom, InvalidProblemError, type RandomSource } from '@espalier/core';
import { type DynamicFixture, dynamicChecks } from '@espalier/testkit';
import { describe, expect, it, test } from 'vitest';
import { uniformWeights } from '../src/generated-distributions.js';
import {
  codedReceiving,
  codedSending,
  markovCodingReceiver,
  markovCodingSender,
  type ReceiverAnswer,
  type ReceiverEvent,
  type SenderAnswer,
  type SenderEvent,
  type SessionStart,
} from '../src/index.js';
import { argmaxOf, bitsOf, literalStep } from './literal.js';

/** The channel of both sides as dense tables. */
class LiteralChannel {
  private beliefs: number[][] = [];
  private budgets: number[] = [];

  start({ prior, rate, R }: SessionStart): void {
    this.beliefs = (prior instanceof Float64Array ? [prior] : prior).map((block) => [...block]);
    this.budgets = this.beliefs.map((belief) => R ?? rate! * bitsOf(belief));
  }

  block(): number {
    return argmaxOf(this.beliefs.map(bitsOf));
  }

  joint(policy: Float64Array): number[][] {
    const block = this.block();
    return literalStep([...policy], this.beliefs[block]!, this.budgets[block]!);
  }

  see(policy: Float64Array, action: number): void {
    const block = this.block();
    const row = this.joint(policy)[action]!;
    const sum = row.reduce((a, b) => a + b, 0);
    this.beliefs[block] = row.map((mass) => mass / sum);
  }

  guess(): number[] {
    return this.beliefs.map(argmaxOf);
  }

  confidence(): number {
    return this.beliefs.reduce((product, belief) => product * Math.max(...belief), 1);
  }

  remaining(): number {
    return this.beliefs.reduce((bits, belief) => bits + bitsOf(belief), 0);
  }
}

function literalReceiver(events: readonly ReceiverEvent[]): ReceiverAnswer[] {
  const channel = new LiteralChannel();
  return events.map((event) => {
    if (event.kind === 'start') channel.start(event);
    else channel.see(event.policy, event.action);
    return {
      guess: channel.guess(),
      confidence: channel.confidence(),
      remainingEntropy: channel.remaining(),
    };
  });
}

function literalSender(events: readonly SenderEvent[]): SenderAnswer[] {
  const channel = new LiteralChannel();
  let message: readonly number[] = [];
  let drawn = 0;
  return events.map((event) => {
    if (event.kind === 'start') {
      channel.start(event);
      message = event.message;
      return { action: -1, remainingEntropy: channel.remaining() };
    }
    const symbol = message[channel.block()]!;
    const column = channel.joint(event.policy).map((row) => row[symbol]!);
    const sum = column.reduce((a, b) => a + b, 0);
    let rest = createRandom().fork(`action ${drawn++}`).uniform() * sum;
    const action = column.findIndex((mass) => {
      rest -= mass;
      return rest < 0;
    });
    channel.see(event.policy, action);
    return { action, remainingEntropy: channel.remaining() };
  });
}

function startEvent(random: RandomSource): SessionStart {
  const prior = Array.from({ length: 1 + random.integer(2) }, () =>
    uniformWeights(2 + random.integer(5), random),
  );
  return { kind: 'start', prior, rate: 0.2 + 0.8 * random.uniform() };
}

const policyOf = (random: RandomSource) => uniformWeights(2 + random.integer(3), random);

/** Sessions of a few steps, several one after the other. */
function sessions<Event>(
  random: RandomSource,
  start: (event: SessionStart) => Event,
  step: (policy: Float64Array) => Event,
): Event[] {
  const count = 1 + random.integer(2);
  return Array.from({ length: count }, () => [
    start(startEvent(random)),
    ...Array.from({ length: 1 + random.integer(6) }, () => step(policyOf(random))),
  ]).flat();
}

const close = (a: number, b: number) => Math.abs(a - b) < 1e-9;
const start: SessionStart = { kind: 'start', prior: [Float64Array.of(0.5, 0.5)], rate: 0.5 };
const policy = Float64Array.of(0.5, 0.5);

const receiverFixture: DynamicFixture<ReceiverEvent, ReceiverAnswer> = {
  events: (random) =>
    sessions<ReceiverEvent>(
      random,
      (event) => event,
      (law) => ({ kind: 'step', policy: law, action: random.integer(law.length) }),
    ),
  bruteForce: literalReceiver,
  same: (a, b) =>
    close(a.confidence, b.confidence) &&
    close(a.remainingEntropy, b.remainingEntropy) &&
    a.guess.every((symbol, block) => symbol === b.guess[block]),
  invalid: {
    'a step before the start': [{ kind: 'step', policy, action: 0 }],
    'an action that the policy does not have': [start, { kind: 'step', policy, action: 2 }],
    'a policy that is no law': [start, { kind: 'step', policy: Float64Array.of(0.5, 0.6), action: 0 }],
    'a prior that is no law': [start, { ...start, prior: [Float64Array.of(0.5, 0.6)] }],
    'no limit': [start, { kind: 'start', prior: [policy] }],
    'an unknown kind': [start, { kind: 'stop' } as never],
  },
};

const senderFixture: DynamicFixture<SenderEvent, SenderAnswer> = {
  events: (random) =>
    sessions<SenderEvent>(
      random,
      (event) => ({
        ...event,
        message: (event.prior as Float64Array[]).map((block) => random.integer(block.length)),
      }),
      (law) => ({ kind: 'step', policy: law }),
    ),
  bruteForce: literalSender,
  same: (a, b) => a.action === b.action && close(a.remainingEntropy, b.remainingEntropy),
  invalid: {
    'a step before the start': [{ kind: 'step', policy }],
    'a message that cannot be': [{ ...start, message: [2] }],
    'a message of another length': [{ ...start, message: [0, 1] }],
    'a policy that is no law': [
      { ...start, message: [1] },
      { kind: 'step', policy: Float64Array.of(0.5, 0.6) },
    ],
    'an unknown kind': [{ ...start, message: [1] }, { kind: 'stop' } as never],
  },
};

describe('markov-coding-receiver', () => {
  for (const check of dynamicChecks(markovCodingReceiver, receiverFixture)) test(check.name, check.run);
});

describe('markov-coding-sender', () => {
  for (const check of dynamicChecks(markovCodingSender, senderFixture)) test(check.name, check.run);
});

describe('sender and receiver', () => {
  it.each([
    {},
    { compress: 'action' },
    { encoder: 'near-deterministic', decoder: 'zero-seeking' },
    { encoder: 'huffman' },
  ] as const)('stay in step in every bit with %j, and the message arrives', (options) => {
    const random = createRandom(5);
    const [sender, receiver] = [markovCodingSender.create(options), markovCodingReceiver.create(options)];
    const prior = [uniformWeights(4, random), uniformWeights(3, random)];
    const message = [2, 1];
    const limit = { kind: 'start', prior, rate: 1 } as const;
    sender.process({ ...limit, message });
    let known = receiver.process(limit);
    for (let step = 0; step < 60; step++) {
      const law = uniformWeights(4, random);
      const { action, remainingEntropy } = sender.process({ kind: 'step', policy: law });
      known = receiver.process({ kind: 'step', policy: law, action });
      expect(known.remainingEntropy).toBe(remainingEntropy);
    }
    expect(known.guess).toEqual(message);
    expect(known.confidence).toBeGreaterThan(0.99);
  });

  it('stay in step with the quantizer too, whose blocks never come apart', () => {
    const random = createRandom(5);
    const options = { encoder: 'uniform' } as const;
    const [sender, receiver] = [markovCodingSender.create(options), markovCodingReceiver.create(options)];
    const limit = { kind: 'start', prior: [new Float64Array(8).fill(1 / 8)], R: 2 } as const;
    sender.process({ ...limit, message: [5] });
    let known = receiver.process(limit);
    for (let step = 0; step < 60; step++) {
      const law = uniformWeights(4, random);
      const { action, remainingEntropy } = sender.process({ kind: 'step', policy: law });
      known = receiver.process({ kind: 'step', policy: law, action });
      expect(known.remainingEntropy).toBe(remainingEntropy);
    }
    // Four blocks of two: messages 4 and 5 stay equally likely.
    expect(known.guess).toEqual([4]);
    expect(known.confidence).toBeCloseTo(0.5, 3);
  });

  it('another sender seed draws other actions', () => {
    const actionsOf = (seed: number) => {
      const sender = markovCodingSender.create({}, { random: () => createRandom(seed) });
      sender.process({ ...start, prior: [new Float64Array(64).fill(1 / 64)], message: [5] });
      return Array.from({ length: 20 }, () => sender.process({ kind: 'step', policy }).action);
    };
    expect(actionsOf(1)).toEqual(actionsOf(1));
    expect(actionsOf(1)).not.toEqual(actionsOf(2));
  });

  it('streams are read from JSON', async () => {
    const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const given = { kind: 'start', prior: [[0.5, 0.5]], rate: 1 };
    const sending = await codedSending.formats[0]!.read(
      bytes([
        { ...given, message: [1] },
        { kind: 'step', policy: [0.4, 0.6] },
      ]),
    );
    const receiving = await codedReceiving.formats[0]!.read(
      bytes([given, { kind: 'step', policy: [0.4, 0.6], action: 1 }]),
    );
    const sender = markovCodingSender.create();
    expect(sending.map((event) => sender.process(event)).at(-1)!.action).toBeGreaterThanOrEqual(0);
    const receiver = markovCodingReceiver.create();
    // By hand: message 0 and action 1 share 0.5, message 1 gets the 0.4 of action 0 and 0.1 of action 1.
    expect(receiving.map((event) => receiver.process(event)).at(-1)!).toMatchObject({
      guess: [0],
      confidence: expect.closeTo(5 / 6, 12),
    });
    expect(() => codedSending.formats[0]!.read(bytes([{ kind: 'stop' }]))).toThrow();
    expect(() => receiver.process({ kind: 'step', policy, action: -1 })).toThrow(InvalidProblemError);
  });
});
