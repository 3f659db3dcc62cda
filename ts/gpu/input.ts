// Paths, basepoints and initial signatures that are on a device already: a GpuTensor, or a buffer
// of the user's with a shape. Checks what can be known of a buffer without reading it; reads no
// numbers.

import { type DType, FLOAT32, KIND_FLOAT32 } from "../input/arrays.ts";
import { Call, readCall } from "../input/call.ts";
import { countOf, describe, rangeError, typeError } from "../input/errors.ts";
import type { GpuBuffer } from "../input/host-types.ts";
import { type OptionName, type ReadOptions, type ReadOther, readOptions, type VjpOptions } from "../input/options.ts";
import { type Paths, ReadPaths, readPaths } from "../input/paths.ts";
import type { Resident } from "../input/resident.ts";
import { ReadRows, type RowsArgument, readRowsShapes } from "../input/rows.ts";
import { readShape } from "../input/shape.ts";
import type { Windows } from "../input/windows.ts";
import { gpuFault } from "./faults.ts";
import type { CallInputs } from "./operation.ts";
import { GpuGradient, GpuLogSignature, GpuTensor } from "./tensor.ts";
import { usage } from "./usage.ts";

/** Row-major float32 numbers in a user's buffer, which is read, never destroyed. */
export interface GpuInput {
  /** With usage STORAGE, of the device that the call runs on. */
  readonly buffer: GpuBuffer;
  readonly shape: ArrayLike<number>;
  /** Bytes before the first number, a multiple of 4. Default 0. */
  readonly offset?: number | undefined;
}

/** Numbers on a device. */
export type GpuNumbers = GpuTensor | GpuLogSignature | GpuGradient | GpuInput;

/** Paths in memory, or on a device with the shape (…batch, length, channels). */
export type PathsAnywhere = Paths | GpuNumbers;

/** Options where signatures to continue from, and basepoints, may be on a device too. */
export interface GpuOptions<
  T extends DType = DType,
  S extends boolean = boolean,
  W extends Windows | undefined = Windows | undefined,
> extends Omit<VjpOptions<T, S, W>, "initial" | "basepoint"> {
  /**
   * As for `signature`; or numbers on the GPU, a `GpuTensor` or `{ buffer, shape }`.
   *
   * @example initial: await engine.signature(head, { depth: 3, output: "gpu" })
   */
  readonly initial?: VjpOptions["initial"] | GpuNumbers;
  /**
   * As for `signature`; or numbers on the GPU, a `GpuTensor` or `{ buffer, shape }`.
   *
   * @example basepoint: { buffer, shape: [32, 2] } // for 32 paths of two channels
   */
  readonly basepoint?: VjpOptions["basepoint"] | GpuNumbers;
}

const isOurs = (value: unknown): value is GpuTensor | GpuLogSignature | GpuGradient =>
  value instanceof GpuTensor || value instanceof GpuLogSignature || value instanceof GpuGradient;

/** Whether a value is numbers on a device. */
export function isOnDevice(value: unknown): value is GpuNumbers {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  if (isOurs(value)) return true;
  const { buffer } = value as { buffer?: unknown };
  return typeof buffer === "object" && buffer !== null && "mapAsync" in buffer && "usage" in buffer;
}

/** The checked shape of numbers on a device, and where they lie. */
function readNumbers(value: GpuNumbers, argument: string): { sizes: number[]; count: number; resident: Resident } {
  const { buffer, shape, offset = 0 } = value as GpuInput;
  const sizes = readShape(shape, `${argument}.shape`, "PATHS_TYPE");
  const refuse = (given: string, accepted: string) => typeError("GPU_BUFFER", argument, given, accepted);
  if (isOurs(value) && value.isDestroyed) throw refuse("a tensor that was destroyed", "a tensor that is there");
  if (isOurs(value) && value.isLost) {
    throw gpuFault("GPU_LOST", `the device of ${argument} was lost, and its numbers with it`);
  }
  if ((buffer.usage & usage.STORAGE) === 0)
    throw refuse("a buffer without usage STORAGE", "a buffer with usage STORAGE");
  if (buffer.mapState !== undefined && buffer.mapState !== "unmapped") {
    throw refuse("a buffer that is mapped", "a buffer that is not mapped");
  }
  if (!Number.isInteger(offset) || offset < 0 || offset % 4 !== 0) {
    throw refuse(`the offset ${describe(offset)}`, "an offset of whole numbers, a multiple of 4 from 0 on");
  }
  const count = sizes.reduce((n, size) => n * size, 1);
  if (offset + 4 * count > buffer.size) {
    throw refuse(
      `a buffer of ${countOf(buffer.size, "byte")}`,
      `a buffer of ${countOf(offset + 4 * count, "byte")} or more, for shape (${sizes.join(", ")})`,
    );
  }
  return { sizes, count, resident: { buffer, offset, device: isOurs(value) ? value.device : undefined } };
}

const nothing = new Float32Array(0);

function readPathsOnDevice(value: GpuNumbers): ReadPaths {
  const { sizes, resident } = readNumbers(value, "paths");
  const rank = sizes.length;
  const shape = `(${sizes.join(", ")})`;
  if (rank < 2) {
    throw typeError("PATHS_RANK", "paths.shape", shape, "of two dimensions or more, (…batch, length, channels)");
  }
  const [points, channels] = [sizes[rank - 2]!, sizes[rank - 1]!];
  if (points < 1 || channels < 1) {
    throw rangeError("SHAPE_INVALID", "paths.shape", shape, "of length and channels from 1 on");
  }
  const lead = sizes.slice(0, rank - 2);
  const batch = lead.reduce((n, size) => n * size, 1);
  const read = new ReadPaths(nothing, KIND_FLOAT32, lead, batch, points, channels, FLOAT32, undefined);
  read.resident = resident;
  return read;
}

function readRowsOnDevice(
  value: GpuNumbers,
  paths: ReadPaths,
  widths: readonly number[],
  { name, shape }: Pick<RowsArgument, "name" | "shape">,
): ReadRows {
  const { sizes, resident } = readNumbers(value, name);
  const width = sizes.at(-1) ?? -1;
  const own = sizes.length === paths.lead.length + 1 && paths.lead.every((n, i) => n === sizes[i]);
  if (!widths.includes(width) || !(sizes.length === 1 || own)) {
    throw rangeError(shape, name, `a buffer of shape (${sizes.join(", ")})`, readRowsShapes(paths.lead, widths));
  }
  const read = new ReadRows(nothing, KIND_FLOAT32, sizes.length === 1 && paths.lead.length > 0 ? 0 : width, width);
  read.resident = resident;
  return read;
}

/** Rows on a device, of a known shape. @throws PathSignatureError `code`, and GPU_BUFFER */
export function readRowsOfShape(
  value: GpuNumbers,
  argument: string,
  code: "COTANGENT_SHAPE",
  shape: readonly number[],
): ReadRows {
  const { sizes, resident } = readNumbers(value, argument);
  if (sizes.length !== shape.length || sizes.some((n, i) => n !== shape[i])) {
    throw rangeError(code, argument, `a buffer of shape (${sizes.join(", ")})`, `of shape (${shape.join(", ")})`);
  }
  const width = shape.at(-1)!;
  const read = new ReadRows(nothing, KIND_FLOAT32, width, width);
  read.resident = resident;
  return read;
}

/**
 * Reads a call whose paths, basepoint or initial signatures may be on a device.
 * @param other - reads options that are not the function's own
 * @throws PathSignatureError what reading a call throws, and GPU_BUFFER
 */
export function readCallAnywhere(
  paths: unknown,
  options: unknown,
  other?: ReadOther,
  names?: readonly OptionName[],
): { call: Call; options: ReadOptions } {
  const given = readOptions(options, other, names);
  const read = isOnDevice(paths) ? readPathsOnDevice(paths) : readPaths(paths, given.layout);
  const { initial, basepoint } = given;
  if (given.windows !== undefined && [paths, initial, basepoint].some(isOnDevice))
    throw typeError("WINDOWS_TYPE", "options.windows", "windows of numbers on a device", "paths in memory");
  if ((given.augment ?? given.mask) !== undefined && [paths, initial].some(isOnDevice))
    throw typeError("AUGMENT_TYPE", "options.augment", "augment or mask of numbers on a device", "paths in memory");
  if (isOnDevice(initial)) given.initial = undefined;
  if (isOnDevice(basepoint)) given.basepoint = undefined;
  const plain = readCall(read, given);
  if (read.resident && given.layout === "channels-first") {
    throw typeError("LAYOUT_INVALID", "options.layout", '"channels-first"', '"channels-last" for paths on a device');
  }
  if (read.resident && plain.dtype !== FLOAT32) {
    throw typeError("DTYPE_INVALID", "options.dtype", '"float64"', '"float32" for paths on a device');
  }
  if (!isOnDevice(initial) && !isOnDevice(basepoint)) return { call: plain, options: given };
  const { size, channels } = plain;
  const basepointRead = isOnDevice(basepoint)
    ? readRowsOnDevice(basepoint, read, [channels], { name: "options.basepoint", shape: "BASEPOINT_SHAPE" })
    : plain.basepoint;
  const initialRead = isOnDevice(initial)
    ? readRowsOnDevice(initial, read, given.scalarTerm ? [size, size + 1] : [size], {
        name: "options.initial",
        shape: "INITIAL_SHAPE",
      })
    : plain.initial;
  const call = new Call(
    read,
    given,
    FLOAT32,
    size,
    plain.lengths,
    basepointRead,
    initialRead,
    plain.operands,
    plain.row,
  );
  return { call, options: given };
}

/** Whether anything that a call reads is on a device. */
export const isResident = ({ paths, initial, basepoint, operands }: Call): boolean =>
  paths.resident !== undefined ||
  initial?.resident !== undefined ||
  (basepoint !== true && basepoint?.resident !== undefined) ||
  operands.some((rows) => rows?.resident !== undefined);

/** What a call reads on a device. */
export function residentsOf({ call: { paths, initial, basepoint }, rows }: CallInputs): Resident[] {
  const all = [paths, initial, basepoint === true ? undefined : basepoint, ...rows.map((one) => one.rows)];
  return all.flatMap((one) => one?.resident ?? []);
}
