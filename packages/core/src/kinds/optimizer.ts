export interface OptimizerNeeds {
  readonly loss?: boolean;
}
export interface Optimizer {
  step(signal: object): Promise<object>;
}
