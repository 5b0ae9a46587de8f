// How the methods bear gradients that are not exact: the layer of the claim `one-layer` with normal noise on every gradient.
//   node bench/gradient-noise.mjs [--seed 0] [--noise 0,1,3]
import { parseArgs } from 'node:util';
import { METHODS } from '../dist/index.js';
import { lossesOnOneLayer } from '../dist/one-layer-claim.js';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '0' }, noise: { type: 'string', default: '0,1,3' } },
});
const methods = Object.keys(METHODS);
const rows = {};
for (const noise of values.noise.split(',').map(Number)) {
  const losses = await lossesOnOneLayer({ seed: Number(values.seed), methods, noise });
  for (const [name, loss] of Object.entries(losses))
    rows[name] = { ...rows[name], [noise]: Math.round(loss) };
}
console.table(rows);
