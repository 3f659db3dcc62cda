// Signatures of reversed paths: the antipode.

/**
 * Where each coefficient of a reversed word is: the antipode of a signature, that of the reversed
 * path, has −1 to the length of the word times the coefficient there.
 */
export function reversedWords(channels: number, depth: number, size: number): Int32Array {
  const places = new Int32Array(size);
  let begin = 0;
  for (let level = 1, count = channels; level <= depth; level++, count *= channels) {
    for (let i = 0; i < count; i++) {
      let reversed = 0;
      for (let k = 0, rest = i; k < level; k++, rest = Math.floor(rest / channels))
        reversed = reversed * channels + (rest % channels);
      // The sign of the level is that of the place.
      places[begin + i] = level % 2 === 1 ? ~(begin + reversed) : begin + reversed;
    }
    begin += count;
  }
  return places;
}
