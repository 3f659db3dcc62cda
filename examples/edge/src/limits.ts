// Limits of a request, chosen for an isolate of 128 MB that serves many at once. Raise them where
// there is more memory.

export const limits = {
  /** Bytes of a body, after decompression. Parsed JSON can take forty times as much memory. */
  bodyBytes: 2 ** 20,
  /**
   * Nesting depth of brackets in a JSON body: paths, points, channels, and the object around them.
   */
  nesting: 8,
  depth: 12,
  channels: 64,
  /** Numbers in a response: 4 MiB as Arrow, about 5 MB as JSON. */
  numbers: 2 ** 18,
  /** Numbers of a batch after padding every path to the longest. */
  padded: 2 ** 20,
  /** Time steps times coefficients: some tens of milliseconds of one core. */
  work: 2 ** 29,
} as const;
