export interface Quantizer {
  quantize(model: object, request: object): Promise<object>;
}
