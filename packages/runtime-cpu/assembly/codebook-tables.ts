import { whole } from './arguments';
import { at, multiplyAdd, splat } from './lanes';

/*
 * The product with a codebook matrix by tables: for a row x and an in-group, T[m][e] = C_m[e] . x of the group for every entry e = (code, row of
 * the tile); each output is then a sum of entries. Tables and sums of a few in-groups stay in the first cache.
 */

/** Numbers of tables that are held at a time, unless one in-group has more. */
const TABLES: usize = 4096;

/**
 * Unscaled sums over a chunk of in-groups. Arguments: x, sums [chunks, rows, outputs], rows, inputs, outputs, codes, columns of the codebooks,
 * outGroup, inGroup, M, padded entries, in-groups of a chunk. Codes take a byte. Index: chunk * rows + row.
 */
export function codebookTablesPiece(args: usize, first: usize, last: usize, room: usize): void {
  const rows = whole(args, 2);
  const inputs = whole(args, 3);
  const outputs = whole(args, 4);
  const outGroup = whole(args, 7);
  const inGroup = whole(args, 8);
  const books = whole(args, 9);
  const padded = whole(args, 10);
  const chunk = whole(args, 11);
  const columns = inputs / inGroup;
  const groups = outputs / outGroup;
  const table = books * padded;
  const together = max(1, min(8, TABLES / table));
  for (let i = first; i < last; i++) {
    const sums = at(whole(args, 1), i * outputs);
    memory.fill(sums, 0, outputs << 2);
    const end = min((i / rows + 1) * chunk, columns);
    for (let column = (i / rows) * chunk; column < end; column += together) {
      const count = min(together, end - column);
      const x = at(whole(args, 0), (i % rows) * inputs + column * inGroup);
      for (let j: usize = 0; j < count; j++)
        for (let m: usize = 0; m < books; m++)
          fillTable(
            at(whole(args, 6), m * inGroup * padded),
            padded,
            at(x, j * inGroup),
            inGroup,
            at(room, (j * books + m) * padded),
          );
      const codes = whole(args, 5) + column * groups * books;
      if (outGroup == 1) addEntries(room, padded, codes, books, count, groups, sums);
      else addTiles(room, padded, codes, books, count, groups, outGroup, sums);
    }
  }
}

/** T[e] = sum_i C[i][e] x[i]. */
@inline
function fillTable(book: usize, padded: usize, x: usize, inGroup: usize, target: usize): void {
  let e: usize = 0;
  for (; e + 16 <= padded; e += 16) {
    let a = splat(0);
    let b = splat(0);
    let c = splat(0);
    let d = splat(0);
    for (let i: usize = 0; i < inGroup; i++) {
      const from = at(book, i * padded + e);
      const s = v128.load_splat<f32>(at(x, i));
      a = multiplyAdd(s, v128.load(from), a);
      b = multiplyAdd(s, v128.load(from, 16), b);
      c = multiplyAdd(s, v128.load(from, 32), c);
      d = multiplyAdd(s, v128.load(from, 48), d);
    }
    const to = at(target, e);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
  }
  for (; e < padded; e += 4) {
    let a = splat(0);
    for (let i: usize = 0; i < inGroup; i++)
      a = multiplyAdd(v128.load_splat<f32>(at(x, i)), v128.load(at(book, i * padded + e)), a);
    v128.store(at(target, e), a);
  }
}

/** Adds the entries of one-row tiles, codes of one byte: four outputs at a time. */
function addEntries(
  tables: usize,
  padded: usize,
  codes: usize,
  books: usize,
  count: usize,
  groups: usize,
  sums: usize,
): void {
  const size = padded << 2;
  let group: usize = 0;
  for (; group + 4 <= groups; group += 4) {
    const to = at(sums, group);
    let a = load<f32>(to);
    let b = load<f32>(to, 4);
    let c = load<f32>(to, 8);
    let d = load<f32>(to, 12);
    let table = tables;
    let code = codes + group * books;
    if (books == 1) {
      for (let j: usize = 0; j < count; j++) {
        const four = <usize>load<u32>(code);
        a += load<f32>(table + ((four << 2) & 0x3fc));
        b += load<f32>(table + ((four >> 6) & 0x3fc));
        c += load<f32>(table + ((four >> 14) & 0x3fc));
        d += load<f32>(table + ((four >> 22) & 0x3fc));
        table += size;
        code += groups;
      }
    } else if (books == 2) {
      for (let j: usize = 0; j < count; j++) {
        const second = table + size;
        let four = <usize>load<u32>(code);
        a += load<f32>(table + ((four << 2) & 0x3fc)) + load<f32>(second + ((four >> 6) & 0x3fc));
        b += load<f32>(table + ((four >> 14) & 0x3fc)) + load<f32>(second + ((four >> 22) & 0x3fc));
        four = <usize>load<u32>(code, 4);
        c += load<f32>(table + ((four << 2) & 0x3fc)) + load<f32>(second + ((four >> 6) & 0x3fc));
        d += load<f32>(table + ((four >> 14) & 0x3fc)) + load<f32>(second + ((four >> 22) & 0x3fc));
        table = second + size;
        code += groups << 1;
      }
    } else {
      for (let j: usize = 0; j < count; j++) {
        for (let m: usize = 0; m < books; m++) {
          a += load<f32>(at(table, <usize>load<u8>(code + m)));
          b += load<f32>(at(table, <usize>load<u8>(code + books + m)));
          c += load<f32>(at(table, <usize>load<u8>(code + 2 * books + m)));
          d += load<f32>(at(table, <usize>load<u8>(code + 3 * books + m)));
          table += size;
        }
        code += groups * books;
      }
    }
    store<f32>(to, a);
    store<f32>(to, b, 4);
    store<f32>(to, c, 8);
    store<f32>(to, d, 12);
  }
  for (; group < groups; group++) {
    let a = load<f32>(at(sums, group));
    for (let j: usize = 0; j < count; j++)
      for (let m: usize = 0; m < books; m++)
        a += load<f32>(at(tables, (j * books + m) * padded + <usize>load<u8>(codes + (j * groups + group) * books + m)));
    store<f32>(at(sums, group), a);
  }
}

/** Adds the entries of tiles of any height. */
function addTiles(
  tables: usize,
  padded: usize,
  codes: usize,
  books: usize,
  count: usize,
  groups: usize,
  outGroup: usize,
  sums: usize,
): void {
  for (let group: usize = 0; group < groups; group++) {
    const to = at(sums, group * outGroup);
    for (let j: usize = 0; j < count; j++) {
      for (let m: usize = 0; m < books; m++) {
        const code = <usize>load<u8>(codes + (j * groups + group) * books + m);
        const entries = at(tables, (j * books + m) * padded + code * outGroup);
        let row: usize = 0;
        for (; row + 4 <= outGroup; row += 4)
          v128.store(at(to, row), f32x4.add(v128.load(at(to, row)), v128.load(at(entries, row))));
        for (; row < outGroup; row++) store<f32>(at(to, row), load<f32>(at(to, row)) + load<f32>(at(entries, row)));
      }
    }
  }
}

/**
 * y = scale times the total of all chunks. Arguments: sums [chunks, rows outputs], y, chunks, outputs, outGroup, scales, rows outputs.
 * Index: a number of y.
 */
export function codebookTotalsPiece(args: usize, first: usize, last: usize): void {
  const chunks = whole(args, 2);
  const outputs = whole(args, 3);
  const outGroup = whole(args, 4);
  const stride = whole(args, 6);
  for (let i = first; i < last; i++) {
    let total: f32 = 0;
    for (let chunk: usize = 0; chunk < chunks; chunk++) total += load<f32>(at(whole(args, 0), chunk * stride + i));
    store<f32>(at(whole(args, 1), i), total * load<f32>(at(whole(args, 5), (i % outputs) / outGroup)));
  }
}
