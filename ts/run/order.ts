// Stable sort of indices by integer keys. Pure arithmetic.

/** Up to this length insertion sort is used, which needs no table of keys. */
const fewEntries = 48;

/**
 * The indices 0 … keys.length − 1, by ascending key, stable.
 *
 * @param keys - whole numbers. Their range should not be much larger than their count, since each
 *   value in it has a counter.
 */
export function orderByKey(keys: Uint32Array): Uint32Array {
  const count = keys.length;
  const order = new Uint32Array(count);
  if (count <= fewEntries) {
    for (let end = 0; end < count; end++) {
      const key = keys[end] as number;
      let at = end;
      for (; at > 0 && (keys[order[at - 1] as number] as number) > key; at--) order[at] = order[at - 1] as number;
      order[at] = end;
    }
    return order;
  }
  let least = keys[0] as number;
  let most = least;
  for (let i = 1; i < count; i++) {
    const key = keys[i] as number;
    if (key < least) least = key;
    if (key > most) most = key;
  }
  // Position of the next index of each key, after all indices of smaller keys.
  const next = new Uint32Array(most - least + 2);
  for (let i = 0; i < count; i++) {
    const after = (keys[i] as number) - least + 1;
    next[after] = (next[after] as number) + 1;
  }
  for (let k = 1; k < next.length; k++) next[k] = (next[k] as number) + (next[k - 1] as number);
  for (let i = 0; i < count; i++) {
    const k = (keys[i] as number) - least;
    const at = next[k] as number;
    order[at] = i;
    next[k] = at + 1;
  }
  return order;
}
