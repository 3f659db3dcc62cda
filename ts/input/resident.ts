// Location of numbers that are already on a device. Reading input needs nothing else of them;
// ts/gpu reads the numbers themselves.

/** Location of numbers on a device. */
export interface Resident {
  /** A GPUBuffer. */
  readonly buffer: object;
  /** Bytes before the first number. */
  readonly offset: number;
  /** The GPUDevice, if known. A user's buffer does not reveal its device. */
  readonly device: object | undefined;
}
