// The matrix products that are measured: squares, and those of a transformer's layers and attention heads.
export const products = [
  { name: '256 x 256 x 256', batch: 1, m: 256, n: 256, k: 256 },
  { name: '512 x 512 x 512', batch: 1, m: 512, n: 512, k: 512 },
  { name: '1024 x 1024 x 1024', batch: 1, m: 1024, n: 1024, k: 1024 },
  { name: 'layer: 1024 x 128 by 128 x 344', batch: 1, m: 1024, n: 344, k: 128 },
  {
    name: 'layer, gradient of x: 1024 x 344 by (128 x 344)^T',
    batch: 1,
    m: 1024,
    n: 128,
    k: 344,
    transposeB: true,
  },
  {
    name: 'layer, gradient of w: (1024 x 128)^T by 1024 x 344',
    batch: 1,
    m: 128,
    n: 344,
    k: 1024,
    transposeA: true,
  },
  { name: 'attention: 32 x (128 x 32 by (128 x 32)^T)', batch: 32, m: 128, n: 128, k: 32, transposeB: true },
  { name: 'attention: 32 x (128 x 128 by 128 x 32)', batch: 32, m: 128, n: 32, k: 128 },
];
