import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ancestorsOf } from './layer-graph.js';

/** A branch that an `Add` layer adds to what it branched off from. */
export interface ResidualBranch {
  /** Name of the `Add` layer. */
  readonly name: string;
  /** Which of the two inputs of the layer is passed on unchanged where the branch is left out. */
  readonly skip: 0 | 1;
  /** Names of the layers of the branch. */
  readonly layers: ReadonlySet<string>;
}

/** The branches that can be left out: of an `Add` layer with two inputs, one follows from the other and has its shape. In forward order. */
export function residualBranches({ layers }: LayersModel): readonly ResidualBranch[] {
  return layers.flatMap((layer): ResidualBranch[] => {
    const inputs = layer.inboundNodes[0]?.inputTensors ?? [];
    if (layer.getClassName() !== 'Add' || layer.inboundNodes.length !== 1 || inputs.length !== 2) return [];
    const [a, b] = inputs;
    const skip = ancestorsOf(b).has(a.id) ? 0 : ancestorsOf(a).has(b.id) ? 1 : undefined;
    if (skip === undefined || a.shape.join() !== b.shape.join()) return [];
    return [{ name: layer.name, skip, layers: layersBetween(inputs[skip], inputs[1 - skip]) }];
  });
}

/** Names of the layers on the paths from one symbolic tensor to another one. */
function layersBetween(from: SymbolicTensor, to: SymbolicTensor): ReadonlySet<string> {
  const names = new Set<string>();
  const open = [to];
  for (let next = open.pop(); next; next = open.pop()) {
    if (next.id === from.id || names.has(next.sourceLayer.name)) continue;
    names.add(next.sourceLayer.name);
    open.push(...next.inputs.filter((input) => ancestorsOf(input).has(from.id)));
  }
  return names;
}
