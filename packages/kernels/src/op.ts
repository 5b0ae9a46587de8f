import {
  engine,
  getBackend,
  getKernel,
  type NamedAttrMap,
  type NamedTensorMap,
  registerGradient,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';

/** What a custom op is: everything that a runtime, a test and a reader need, declared once. */
export interface OpDeclaration<Inputs extends NamedTensorMap, Attributes extends NamedAttrMap> {
  /** Kernel name: what it computes, in upper camel case. Runtimes register their kernels under it. */
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /**
   * The definition, in plain tfjs ops that tfjs can differentiate. It runs where the backend has no kernel, and kernels
   * and `gradient` are compared with it.
   */
  reference(inputs: Inputs, attributes: Attributes): Tensor[];
  /** The backward pass of the kernel. Left out: the kernel has no gradient. */
  readonly gradient?: OpGradient<Inputs, Attributes>;
  /** A random valid call, for conformance tests. `random` gives numbers in [0, 1). */
  sample(random: () => number): OpCall<Inputs, Attributes>;
}

/** The arguments of one call. */
export interface OpCall<Inputs extends NamedTensorMap, Attributes extends NamedAttrMap> {
  readonly inputs: Inputs;
  readonly attributes: Attributes;
}

/** The backward pass of an op. */
export interface OpGradient<Inputs extends NamedTensorMap, Attributes extends NamedAttrMap> {
  /** Inputs that `backward` reads, in the order in which it gets them. */
  readonly inputsToSave: readonly (keyof Inputs & string)[];
  /** Which outputs `backward` reads; they follow the inputs. Left out: none. */
  readonly outputsToSave?: readonly boolean[];
  /** Gradients by input name, each computed when asked for; `dys` has one tensor an output. Integer inputs have none. */
  backward(
    dys: readonly Tensor[],
    saved: readonly Tensor[],
    attributes: Attributes,
  ): { readonly [name in keyof Inputs & string]?: () => Tensor };
}

/** A declared op. */
export interface Op<Inputs extends NamedTensorMap, Attributes extends NamedAttrMap>
  extends OpDeclaration<Inputs, Attributes> {
  /** Runs the kernel of the active backend, or the reference where it has none. */
  run(inputs: Inputs, attributes: Attributes): Tensor[];
}

/** What tfjs takes: gradients of the inputs that have one. */
type Gradients = Record<string, () => Tensor>;

/** Declares an op: registers its gradient with tfjs and adds `run`. */
export function defineOp<Inputs extends NamedTensorMap, Attributes extends NamedAttrMap>(
  declaration: OpDeclaration<Inputs, Attributes>,
): Op<Inputs, Attributes> {
  const { name, gradient } = declaration;
  if (gradient !== undefined) {
    registerGradient({
      kernelName: name,
      inputsToSave: [...gradient.inputsToSave],
      outputsToSave: [...(gradient.outputsToSave ?? [])],
      // The attributes are those of `run` below: tfjs hands them back untouched.
      gradFunc: (dy, saved, attributes) =>
        gradient.backward(Array.isArray(dy) ? dy : [dy], saved, attributes as Attributes) as Gradients,
    });
  }
  return {
    ...declaration,
    run(inputs, attributes) {
      if (!hasKernel(name)) return tidy(() => declaration.reference(inputs, attributes));
      const outputs = engine().runKernel<Tensor | Tensor[]>(name, inputs, attributes);
      return Array.isArray(outputs) ? outputs : [outputs];
    },
  };
}

/** The first output. The others are disposed of: they are there for the backward pass, which holds copies of its own. */
export function firstOutput([first, ...others]: readonly Tensor[]): Tensor {
  for (const each of others) each.dispose();
  return first!;
}

/** Whether the active backend has a kernel of this name. */
export function hasKernel(name: string): boolean {
  return getKernel(name, getBackend()) != null;
}
