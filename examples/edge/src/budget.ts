// The memory that long bodies and responses may hold at once, over all requests of this isolate or
// process. What does not fit is refused with 503. Short ones are always served: a bound on the
// number of connections is a bound on their memory.

import { limits } from "./limits.ts";
import { Problem } from "./problem.ts";

interface Reservation {
  readonly bytes: number;
  /** When it ends by itself, in case that the host drops a request without a word. */
  readonly until: number;
}

const reservations = new Set<Reservation>();

/** Bytes of a short body or response. */
export const shortBytes = 2 ** 15;

/**
 * Reserves bytes until the returned function is called, or the time is over.
 * @throws Problem 503
 */
export function reserve(bytes: number, milliseconds: number): () => void {
  if (bytes <= shortBytes) return () => undefined;
  const now = Date.now();
  let held = 0;
  for (const reservation of reservations) {
    if (reservation.until < now) reservations.delete(reservation);
    else held += reservation.bytes;
  }
  if (held + bytes > limits.heldBytes)
    throw new Problem(503, "", `Other requests hold the memory that this one needs; try again in a moment.`);
  const reservation = { bytes, until: now + milliseconds };
  reservations.add(reservation);
  return () => void reservations.delete(reservation);
}
