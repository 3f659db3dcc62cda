// The search for numbers that are not finite. A file of its own: readers of files, which load no
// kernels, have it too.

/**
 * Index of the first group of four numbers that are not all finite, or of the last incomplete
 * group. One branch for four numbers is three times as fast as four branches.
 */
export function finiteFours(numbers: ArrayLike<number>, from: number, end: number): number {
  let i = from;
  for (; i + 4 <= end; i += 4) {
    const a = numbers[i] as number;
    const b = numbers[i + 1] as number;
    const c = numbers[i + 2] as number;
    const d = numbers[i + 3] as number;
    if (a - a + (b - b) + (c - c) + (d - d) !== 0) break;
  }
  return i;
}
