/** Adam for arrays that are updated in place, bias-corrected. Source: Kingma and Ba, 2015, algorithm 1. */
export class Adam {
  #step = 0;
  readonly #moments = new Map<Float64Array, { first: Float64Array; second: Float64Array }>();

  constructor(
    readonly learningRate: number,
    readonly beta1 = 0.9,
    readonly beta2 = 0.999,
    readonly epsilon = 1e-8,
  ) {}

  /** Begins a step; {@link update} follows for each array. */
  begin(): void {
    this.#step++;
  }

  /**
   * One step of one array. Where `mask` is 0 the gradient counts as zero; what the moments remember still moves on there, and the value
   * stays as it is.
   */
  update(values: Float64Array, gradient: Float64Array, mask?: Uint8Array): void {
    const { beta1, beta2, epsilon } = this;
    const rate = this.learningRate / (1 - beta1 ** this.#step);
    const correction = 1 / (1 - beta2 ** this.#step);
    const { first, second } = this.#momentsOf(values);
    for (let i = 0; i < values.length; i++) {
      const g = mask && mask[i] === 0 ? 0 : gradient[i];
      const m = beta1 * first[i] + (1 - beta1) * g;
      const v = beta2 * second[i] + (1 - beta2) * g * g;
      first[i] = m;
      second[i] = v;
      if (mask === undefined || mask[i] !== 0)
        values[i] -= (rate * m) / (Math.sqrt(v * correction) + epsilon);
    }
  }

  #momentsOf(values: Float64Array): { first: Float64Array; second: Float64Array } {
    let moments = this.#moments.get(values);
    if (moments === undefined) {
      moments = { first: new Float64Array(values.length), second: new Float64Array(values.length) };
      this.#moments.set(values, moments);
    }
    return moments;
  }
}
