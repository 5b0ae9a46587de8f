/**
 * The constants of exp and log in memory: a broadcast from memory is one instruction, a vector constant in the code would be
 * rebuilt from integer registers at every use.
 */
let table: usize = 0;

/** Address of the i-th constant. */
@inline
export function constant(i: usize): v128 {
  return v128.load32_splat(table + (i << 2));
}

export function fillConstants(address: usize): void {
  table = address;
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
}

function put(i: usize, value: f32): void {
  store<f32>(table + (i << 2), value);
}
