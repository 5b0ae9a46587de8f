export interface Pruner {
  prune(model: object, request: object): Promise<object>;
}
