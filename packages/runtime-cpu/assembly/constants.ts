/**
 * The constants of exp, log and float16, and the shuffles that expand bits, in memory: a broadcast from memory is one instruction, a vector
 * constant in the code would be rebuilt from integer registers at every use.
 */
let table: usize = 0;

/** Address of the i-th constant. */
@inline
export function constant(i: usize): v128 {
  return v128.load32_splat(table + (i << 2));
}

/**
 * Where the shuffles for four bits stand, behind the numbers: 16 bytes each, by the bits, for float32; then those for float16 numbers, each of
 * which goes to the upper half of 32 bits.
 */
@inline
export function nibbleShuffles(halves: bool): usize {
  return table + (halves ? 384 : 128);
}

export function fillConstants(address: usize): void {
  table = address;
  writeShuffles(nibbleShuffles(false), false);
  writeShuffles(nibbleShuffles(true), true);
  // exp
  put(0, -86.6); // below, the result is 0
  put(1, 89.0); // overflow is sure
  put(2, 1.4426950408889634); // 1 / log 2
  put(3, 0.693359375); // log 2 in two parts, the first of 10 bits, so that k times it is exact
  put(4, -2.12194440054690583e-4);
  // (exp(r) - 1 - r) / r^2 on |r| <= log(2) / 2, minimax
  put(5, 1.9875691500e-4);
  put(6, 1.3981999507e-3);
  put(7, 8.3334519073e-3);
  put(8, 4.1665795894e-2);
  put(9, 1.6666665459e-1);
  put(10, 5.0000001201e-1);
  put(11, 1.0);
  put(12, 2.0);
  // float16: the sign, and exponent and fraction without the copies of the sign; 2^112
  put(13, reinterpret<f32>(0x8fffffff));
  put(14, reinterpret<f32>(0x77800000));
}

function put(i: usize, value: f32): void {
  store<f32>(table + (i << 2), value);
}

/** For each four bits, the highest first, which bytes of the loaded numbers go where; 128 makes a zero. */
function writeShuffles(address: usize, halves: bool): void {
  for (let bits: u32 = 0; bits < 16; bits++) {
    let next: u32 = 0;
    for (let place: u32 = 0; place < 4; place++) {
      const isSet = ((bits >> (3 - place)) & 1) != 0;
      for (let byte: u32 = 0; byte < 4; byte++)
        store<u8>(address + <usize>(bits * 16 + place * 4 + byte), isSet ? source(next, byte, halves) : 128);
      if (isSet) next++;
    }
  }
}

/** Which byte of the loaded numbers is this byte of one of 32 bits. */
function source(number: u32, byte: u32, halves: bool): u8 {
  if (!halves) return <u8>(4 * number + byte);
  return byte < 2 ? 128 : <u8>(2 * number + byte - 2);
}
