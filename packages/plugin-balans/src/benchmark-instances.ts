import type { DataFiles, DataSet } from '@espalier/core';
import { generalisedIndependentSet } from './generators/generalised-independent-set.js';
import { independentSet } from './generators/independent-set.js';
import { multiKnapsack } from './generators/multi-knapsack.js';
import { setCover } from './generators/set-cover.js';
import { vertexCover } from './generators/vertex-cover.js';
import type { MipArrays } from './mixed-integer-program.js';
import { decompress } from './program-formats.js';
import { readArrays } from './read-source.js';

/** The folder of real instances. */
export const MIP_DATA: DataSet = {
  path: 'mip',
  summary:
    'small instances of MIPLIB 2017 and four graph and knapsack problems, gzip-compressed MPS and LP files',
  origin:
    'MIPLIB 2017 (miplib.zib.de, free for research) and the test data of github skadio/balans (Apache-2.0); gisp, mis, mk and mvc come from ' +
    'Distributional MIPLIB',
};

/** A file of {@link MIP_DATA}. */
export interface RealInstance {
  readonly name: string;
  readonly file: string;
  /** Best known objective. */
  readonly best: number;
  /** Whether `best` is only what the authors of Balans report: a better value is possible then. */
  readonly reported?: true;
}

const miplib = (name: string, best: number): RealInstance => ({ name, file: `mip/${name}.mps.gz`, best });
const reported = (name: string, best: number): RealInstance => ({
  name,
  file: `mip/${name}.lp.gz`,
  best,
  reported: true,
});

/** All real instances with their best known objectives (MIPLIB 2017; `reported`: Cai et al., one hour). */
export const REAL_INSTANCES: readonly RealInstance[] = [
  miplib('50v-10', 3311.1799841),
  miplib('b1c1s1', 24544.25),
  miplib('beasleyC3', 754),
  miplib('csched008', 173),
  miplib('exp-1-500-5-5', 65887),
  miplib('gen-ip054', 6840.965642),
  miplib('glass4', 1200012600),
  miplib('gmu-35-40', -2406733.3688),
  miplib('graphdraw-domain', 19686),
  miplib('ic97_potential', 3942),
  miplib('lotsize', 1480195),
  miplib('mad', 0.0268),
  miplib('markshare2', 1),
  miplib('mas76', 40005.05414),
  miplib('mc11', 11689),
  miplib('neos-5140963-mincio', 14702),
  miplib('noswot', -41),
  miplib('p200x1188c', 15078),
  miplib('pk1', 11),
  reported('gisp_102', -2322),
  reported('mis_2', 3757),
  reported('mk_5', 3752),
  reported('mvc_8', 2365),
];

/** The real instance of that name. */
export function realInstance(name: string): RealInstance {
  const found = REAL_INSTANCES.find((instance) => instance.name === name);
  if (!found) throw new RangeError(`There is no real instance '${name}'.`);
  return found;
}

/** Reads a real instance into arrays, so that no solver's time pays for parsing. */
export async function loadRealInstance({ file }: RealInstance, data: DataFiles): Promise<MipArrays> {
  const text = await decompress(await data.read(file));
  return readArrays(file.endsWith('.lp.gz') ? { lp: text } : { mps: text });
}

/** A generated instance: which family, and the seed of its generator. */
export interface GeneratedInstance {
  readonly family: keyof typeof GENERATED;
  readonly seed: number;
}

/** Families of generated instances at the sizes that the benchmark uses. */
export const GENERATED = {
  'vertex-cover': (seed: number) => vertexCover({ nodes: 1500, edgesPerNode: 8, costNoise: 0.01 }, seed),
  'independent-set': (seed: number) => independentSet({ nodes: 1200, edgeProbability: 5 / 1200 }, seed),
  'multi-knapsack': (seed: number) => multiKnapsack({ knapsacks: 30, items: 500, tightness: 0.5 }, seed),
  'generalised-independent-set': (seed: number) =>
    generalisedIndependentSet({ nodes: 80, edgeProbability: 0.5, removalCost: 10 }, seed),
  'set-cover': (seed: number) => setCover({ rows: 400, columns: 2000, density: 0.03 }, seed),
} as const satisfies Readonly<Record<string, (seed: number) => MipArrays>>;

/** The arrays of a generated instance. */
export function generateInstance({ family, seed }: GeneratedInstance): MipArrays {
  return GENERATED[family](seed);
}
