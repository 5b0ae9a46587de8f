import module, { type Highs, type InitOptions } from 'highs';

// The package's declarations describe its CommonJS side, with the loader under `default`; its ES module exports the loader itself.
const load = module as unknown as (options: InitOptions) => Promise<Highs>;

/** A HiGHS instance of its own (about 25 ms), so that what ruins one leaves the others alone. It prints nothing. */
export function loadHighs(): Promise<Highs> {
  return load({ print() {}, printErr() {} });
}
