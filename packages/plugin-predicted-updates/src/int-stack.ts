/** A growing stack of 32-bit integers: the logs of structures that undo. */
export class IntStack {
  data = new Int32Array(64);
  length = 0;

  push(value: number): void {
    if (this.length === this.data.length) {
      const grown = new Int32Array(2 * this.length);
      grown.set(this.data);
      this.data = grown;
    }
    this.data[this.length++] = value;
  }

  /** The last value, which is taken off. The stack is not empty. */
  pop(): number {
    return this.data[--this.length];
  }
}
