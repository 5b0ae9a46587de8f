/**
 * Natural logarithm of a normal positive number, to float32 accuracy: x = 2^k m, sqrt(1/2) <= m < sqrt(2), s = (m - 1) / (m + 1),
 * log m = 2 (s + s^3 / 3 + s^5 / 5 + ...). (The library's logarithm keeps a table in static memory.)
 */
export function log1(x: f32): f32 {
  const bits = reinterpret<u64>(<f64>x);
  const split = bits + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
  const k = <f64>(<i32>(split >> 52) - 1023);
  const m = reinterpret<f64>((split & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd);
  const s = (m - 1) / (m + 1);
  const z = s * s;
  const series =
    1 + z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11 + z * (1.0 / 13))))));
  return <f32>(k * 0.6931471805599453 + 2 * s * series);
}
