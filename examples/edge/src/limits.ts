// Limits of a request, chosen for an isolate of 128 MB that serves many at once. Raise them where
// there is more memory.

export const limits = {
  /** Bytes of a body, after decompression. */
  bodyBytes: 2 ** 20,
  depth: 12,
  channels: 64,
  /** Numbers in a response: 4 MiB as Arrow, about 5 MB as JSON. */
  numbers: 2 ** 18,
  /** Numbers of a batch after padding every path to the longest. */
  padded: 2 ** 20,
  /** Time steps times coefficients: some tens of milliseconds of one core. */
  work: 2 ** 29,
  /** Bytes of bodies and responses that all requests together may hold. */
  heldBytes: 24 * 2 ** 20,
  /** Milliseconds in which a body has to arrive. */
  bodyMs: 10_000,
  /** Milliseconds in which a client has to read a long response. */
  answerMs: 30_000,
  /** Seconds after which a client that was turned away may try again. */
  retryAfter: 1,
} as const;
