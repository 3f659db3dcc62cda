// Numbers that are on a device already: what the reading of input (input.ts, call.ts) has to know of them, which is where they lie.
// What a device is, and how its numbers are read, is ts/gpu's.

/** Where numbers lie on a device. */
export interface Resident {
  /** A GPUBuffer. */
  readonly buffer: object;
  /** Bytes before the first number. */
  readonly offset: number;
  /** The GPUDevice that it is on, where that is known: of a user's buffer only the device itself can tell. */
  readonly device: object | undefined;
}
