// node bench/run.mjs [--python /usr/bin/python3] [--rounds 5] [--limit 20] [--write]
// Times this package's methods and plain Python implementations of them on the same inputs, single-threaded, in one run. Times are
// processor time, which other programs on the machine disturb less. Prints the tables; --write puts them into bench/results.md and the
// README. Build first (npm run -s build).
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';
import { pythonPeer } from '../../../tools/bench/peers.mjs';
import { processorClock } from '../../../tools/bench/processor-clock.mjs';
import { binomial, geometric } from '../dist/generated-distributions.js';
import {
  decodeStep,
  ebim,
  ebimHuffman,
  ebimUniform,
  gridWorld,
  markovCodingGame,
  mec,
  mecIndependent,
  mecSla,
  openChannel,
} from '../dist/index.js';
import { makeCases, PAIR_SIZE, SCHEME, SIZES } from './cases.mjs';
import { page, summary } from './page.mjs';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: '/usr/bin/python3' },
    rounds: { type: 'string', default: '5' },
    limit: { type: 'string', default: '20' },
    write: { type: 'boolean', default: false },
  },
});
const [rounds, limit] = [Number(options.rounds), Number(options.limit)];
const cases = makeCases();

/** The fastest of some runs; work that takes more than a second runs once. */
async function timed(work) {
  let [best, result] = [Number.POSITIVE_INFINITY, undefined];
  for (let round = 0; round < rounds; round++) {
    const start = processorClock.now();
    result = await work();
    const seconds = (processorClock.now() - start) / 1_000;
    best = Math.min(best, seconds);
    if (seconds > 1) break;
  }
  return { seconds: best, result };
}

async function bySize(method, work, bitsOf) {
  const rows = [];
  await work(SIZES[0]); // compiles the loops
  for (const n of SIZES) {
    const { seconds, result } = await timed(() => work(n));
    rows.push({ n, seconds, bits: bitsOf(result) });
  }
  return { method, rows };
}

async function measureSpeed() {
  const couple = (solver) => (n) => {
    const [px, py] = cases.marginals.get(n);
    return solver.solve({ px, py });
  };
  const encode = (solver) => (n) => solver.solve({ px: cases.marginals.get(n)[0], R: cases.budgets.get(n) });
  const joint = ({ jointEntropy }) => jointEntropy;
  const kept = ({ ixt }) => ixt;
  return {
    coupling: [
      await bySize('mec', couple(mec.create()), joint),
      await bySize('mec, zero-seeking', couple(mec.create({ method: 'zero-seeking' })), joint),
    ],
    encoding: [
      await bySize('ebim (Algorithm 1)', encode(ebim.create()), kept),
      await bySize('ebim, near-deterministic', encode(ebim.create({ method: 'near-deterministic' })), kept),
      await bySize('ebim-huffman', encode(ebimHuffman.create()), kept),
      await bySize('ebim-uniform', encode(ebimUniform.create()), kept),
    ],
  };
}

async function measureQuality() {
  const solvers = [
    ['mec-independent', mecIndependent.create()],
    ['mec-sla', mecSla.create()],
    ['mec', mec.create()],
    ['mec-zero-seeking', mec.create({ method: 'zero-seeking' })],
  ];
  const rows = [];
  for (const [method, solver] of solvers) {
    const { seconds, result } = await timed(async () => {
      let bits = 0;
      for (const [px, py] of cases.pairs)
        bits += (await solver.solve({ px, py })).jointEntropy / cases.pairs.length;
      return bits;
    });
    rows.push({ method, bits: result, seconds });
  }
  return rows;
}

async function measureInformation() {
  const methods = {
    'Algorithm 1': ebim.create(),
    'near-deterministic': ebim.create({ method: 'near-deterministic' }),
    Huffman: ebimHuffman.create(),
    uniform: ebimUniform.create(),
  };
  const rows = [];
  for (const [name, px] of [
    ['binomial', binomial(15, 0.5)],
    ['geometric', geometric(16, 0.4)],
  ]) {
    for (const R of [0.25, 0.5, 0.75, 1, 1.5, 2]) {
      const bits = {};
      for (const [method, solver] of Object.entries(methods))
        bits[method] = (await solver.solve({ px, R })).ixt;
      rows.push({ name: `${name}, R = ${R}`, bits });
    }
  }
  return rows;
}

async function measureGame() {
  const rows = [];
  for (const rate of [1, 0.75, 0.5, 0.25]) {
    const row = { rate };
    for (const encoder of ['search', 'huffman', 'uniform']) {
      row[encoder] = await markovCodingGame
        .create({ encoder })
        .solve({ world: gridWorld(), temperature: Math.exp(-5), messages: 64, episodes: 100, rate });
    }
    rows.push(row);
  }
  return rows;
}

/** Replays of the episode in one run: it is short. */
const REPLAYS = 100;

async function measureStep() {
  const { prior, rate, policies, taken } = cases.game;
  const replay = (see) => {
    let channel = openChannel(prior, { rate });
    for (const [k, policy] of policies.entries()) {
      channel = decodeStep(channel, policy, taken[k], SCHEME);
      see(channel);
    }
  };
  const { seconds } = await timed(() => {
    for (let round = 0; round < REPLAYS; round++) replay(() => {});
  });
  const beliefs = [];
  replay(({ beliefs: [belief] }) => beliefs.push(belief));
  return { seconds: seconds / (REPLAYS * taken.length), beliefs };
}

/** What plain Python reaches, or undefined where this Python lacks numpy and scipy. */
function peers() {
  const { prior, budget, policies, taken, actions } = cases.game;
  const files = {
    'cases.json': {
      sizes: SIZES,
      budgets: Object.fromEntries(cases.budgets),
      pairSize: PAIR_SIZE,
      game: { budget, taken, actions },
    },
    'prior.f64': prior,
    'policies.f64': Float64Array.from(policies.flatMap((law) => [...law])),
    'pairs.f64': Float64Array.from(cases.pairs.flatMap(([p, q]) => [...p, ...q])),
  };
  for (const [n, [p, q]] of cases.marginals) Object.assign(files, { [`p${n}.f64`]: p, [`q${n}.f64`]: q });
  return pythonPeer(options.python, new URL('peers.py', import.meta.url), files, limit);
}

const { coupling, encoding } = await measureSpeed();
const quality = await measureQuality();
const information = await measureInformation();
const game = await measureGame();
const { beliefs, ...step } = await measureStep();
const found = await peers();
if (found) {
  coupling.push(...found.coupling);
  encoding.push(...found.encoding);
  quality.push(...found.quality);
  step.peer = found.game.secondsPerStep;
  const masses = beliefs.flatMap((belief) => [...belief]);
  step.difference = Math.max(...found.game.beliefs.flat().map((mass, m) => Math.abs(mass - masses[m])));
}
const machine = { on: measuredOn(found?.versions ?? {}) };
const results = { sizes: SIZES, coupling, encoding, quality, information, game, step, machine };
console.log(page(results));
if (options.write) {
  await writeFile(new URL('results.md', import.meta.url), page(results));
  await writeMeasured(new URL('../README.md', import.meta.url), summary(results));
}
