export interface KVCompressor {
  open(shape: object): object;
}
