export { bitmapWeight } from './bitmap.js';
export { packCodes, unpackCodes } from './bits.js';
export { denseWeight, multiplyByTransposed, multiplyRows } from './dense.js';
export { type IntegerParts, integerWeight, storedScale } from './integer.js';
export { nOfMWeight, type Pattern } from './n-of-m.js';
export { type PackedForm, packedWeight } from './packed.js';
export { restoreWeight } from './restore.js';
