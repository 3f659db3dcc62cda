// What a request may ask for. Chosen for an isolate of 128 MB that answers many at once; raise them where you have more.

export const limits = {
  /** Bytes of a body, after decompression. JSON can become forty times as much in memory. */
  bodyBytes: 2 ** 20,
  /** Brackets in brackets in a JSON body: paths, points, channels, and the object around them. */
  nesting: 8,
  depth: 12,
  channels: 64,
  /** Numbers in an answer: 4 MiB as Arrow, some 5 MB as JSON. */
  numbers: 2 ** 18,
  /** Numbers of a batch in which every path takes as much room as the longest. */
  padded: 2 ** 20,
  /** Time steps times coefficients: some tens of milliseconds of a core. */
  work: 2 ** 29,
} as const;
