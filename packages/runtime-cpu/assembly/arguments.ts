/** The i-th whole number among a loop's arguments: sizes, strides, addresses. */
@inline
export function whole(args: usize, i: usize): usize {
  return load<u32>(args + (i << 2));
}

/** The i-th floating-point number among a loop's arguments; they follow 48 whole ones. */
@inline
export function real(args: usize, i: usize): f32 {
  return load<f32>(args + 192 + (i << 2));
}
