import { createRandom, deriveSeed, type RandomSource } from '@espalier/core';
import type { ElementId, GraphElement, GraphUpdate } from './dynamic-graph.js';

/** Elements that come and go. */
export interface UpdateSequence {
  readonly vertices: number;
  readonly elements: readonly GraphElement[];
  readonly updates: readonly GraphUpdate[];
}

export interface RandomUpdateOptions {
  readonly vertices: number;
  readonly slots: number;
  readonly seed: number;
  /** Present elements that are built up first; from there on insertions and deletions are equally likely. Default 0. */
  readonly present?: number;
  /** Weights are drawn from 1..maxWeight; default 1. */
  readonly maxWeight?: number;
}

/** With probability 1/2 a uniform present element goes, else a new random edge comes (section "Reproduce it small", 1). */
export function randomUpdates(options: RandomUpdateOptions): UpdateSequence {
  const { vertices, slots, seed, present: target = 0, maxWeight = 1 } = options;
  const random = createRandom(seed);
  const elements: GraphElement[] = [];
  const updates: GraphUpdate[] = [];
  const present: number[] = [];
  let full = target === 0;
  for (let slot = 0; slot < slots; slot++) {
    full ||= present.length >= target;
    const remove = present.length > 0 && full && random.integer(2) === 0;
    if (remove) updates.push(['del', takeOne(present, random)]);
    else {
      const id = elements.length;
      elements.push({
        id,
        u: random.integer(vertices),
        v: random.integer(vertices),
        weight: 1 + random.integer(maxWeight),
      });
      present.push(id);
      updates.push(['ins', id]);
    }
  }
  return { vertices, elements, updates };
}

export interface RoadOptions {
  /** Vertices are side x side crossings; each has arcs to its neighbours, both ways. */
  readonly side: number;
  readonly slots: number;
  readonly seed: number;
}

/**
 * A grid of one-way roads with lengths of 1 to 9, all of which are opened first; then `slots` updates: a random open road closes, or one that
 * was closed opens again, with equal probability.
 */
export function roadUpdates({ side, slots, seed }: RoadOptions): UpdateSequence {
  const random = createRandom(seed);
  const elements: GraphElement[] = [];
  const road = (u: number, v: number) =>
    elements.push({ id: elements.length, u, v, weight: 1 + random.integer(9) });
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = y * side + x;
      for (const to of [...(x + 1 < side ? [at + 1] : []), ...(y + 1 < side ? [at + side] : [])]) {
        road(at, to);
        road(to, at);
      }
    }
  }
  const open = elements.map((_, i) => i);
  const closed: number[] = [];
  const updates: GraphUpdate[] = open.map((id) => ['ins', id]);
  for (let slot = 0; slot < slots; slot++) {
    const close = closed.length === 0 || random.integer(2) === 0;
    const id = takeOne(close ? open : closed, random);
    (close ? closed : open).push(id);
    updates.push([close ? 'del' : 'ins', id]);
  }
  return { vertices: side * side, elements, updates };
}

/** The order in which updates are expected when each expected time is off by N(0, sigma^2) slots; valid slots again. */
export function noisyOrder(
  updates: readonly GraphUpdate[],
  sigma: number,
  seed: number,
): readonly GraphUpdate[] {
  // Not the stream that the updates themselves were drawn from.
  const random = createRandom(deriveSeed('noisy order', seed));
  return updates
    .map((update, slot) => ({ update, slot, at: slot + sigma * random.normal() }))
    .sort((a, b) => a.at - b.at || a.slot - b.slot)
    .map(({ update }) => update);
}

export interface LifetimeOptions {
  readonly vertices: number;
  readonly slots: number;
  /** Lifetimes are 1 + floor(exponential of this mean). */
  readonly meanLifetime: number;
  /** Standard deviation of the predicted deletion slots; Infinity: all are predicted at the end. */
  readonly sigma: number;
  readonly seed: number;
}

/** Insertions with lifetimes; a deletion that is due goes first, one event a slot ("Reproduce it small", 5). */
export function lifetimeUpdates(
  options: LifetimeOptions,
): UpdateSequence & { readonly predictedDeletions: readonly (readonly [ElementId, number])[] } {
  const { vertices, slots, meanLifetime, sigma, seed } = options;
  const random = createRandom(seed);
  const elements: GraphElement[] = [];
  const updates: GraphUpdate[] = [];
  const due: { at: number; id: number }[] = [];
  for (let slot = 0; slot < slots; slot++) {
    if (due.length > 0 && due[0].at <= slot) {
      updates.push(['del', due.shift()!.id]);
      continue;
    }
    const id = elements.length;
    elements.push({ id, u: random.integer(vertices), v: random.integer(vertices), weight: 1 });
    updates.push(['ins', id]);
    const at = slot + 1 + Math.floor(-meanLifetime * Math.log(1 - random.uniform()));
    let place = due.length;
    while (place > 0 && due[place - 1].at > at) place--;
    due.splice(place, 0, { at, id });
  }
  const real = new Map(updates.flatMap(([op, id], slot) => (op === 'del' ? [[id, slot] as const] : [])));
  const predictedDeletions = elements.map(({ id }) => {
    const at = real.get(id) ?? slots;
    const noise = sigma === Number.POSITIVE_INFINITY ? slots : sigma * random.normal();
    return [id, Math.round(at + noise)] as const;
  });
  return { vertices, elements, updates, predictedDeletions };
}

function takeOne(list: number[], random: RandomSource): number {
  const at = random.integer(list.length);
  const taken = list[at];
  const last = list.pop()!;
  if (at < list.length) list[at] = last;
  return taken;
}
