// Arrays of NumPy, read in pieces: (series, length, channels), or (length, channels) of one series.

import { type FileHandle, open } from "node:fs/promises";
import { copyIn, type Kind, kindOf } from "../input/arrays.ts";
import { headerOf, type NpyHeader, numbersAt } from "../io/npy.ts";
import { Fault, wrongArguments } from "./fault.ts";
import type { ReadingOptions } from "./open.ts";
import { type Batch, numbersOfBatch, type Source } from "./source.ts";

/** Headers are shorter, unless a file is none of NumPy's. */
const headerBytes = 2 ** 16;

export async function openNpy(file: string, options: ReadingOptions): Promise<Source> {
  for (const name of ["id", "sort"] as const)
    if (options[name] !== undefined) throw wrongArguments(`--${name}: an .npy file has no columns.`);
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    const header = headerOf(buffer.subarray(0, bytesRead), file);
    return new NpySource(handle, file, header, (await handle.stat()).size, options);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class NpySource implements Source {
  readonly id = { name: "id", type: "BIGINT" };
  readonly channels: readonly string[];
  readonly count: number;
  readonly longest: number;
  readonly hasLabels = false;
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #header: NpyHeader;
  readonly #isTurned: boolean;

  constructor(handle: FileHandle, file: string, header: NpyHeader, bytes: number, options: ReadingOptions) {
    const { shape, isFortran, start, size } = header;
    const said = `${file}, an array of shape (${shape.join(", ")})`;
    if (shape.length !== 2 && shape.length !== 3)
      throw new Fault(`${said}: (series, length, channels) or (length, channels) is needed.`);
    if (isFortran) throw new Fault(`${said} in Fortran's order: save it in C's, by numpy.ascontiguousarray.`);
    const [count, first, second] = (shape.length === 2 ? [1, ...shape] : shape) as [number, number, number];
    if (second > first && options.layout === undefined) {
      const turned = shape.length === 2 ? "(channels, length)" : "(series, channels, length)";
      throw wrongArguments(
        `${said} looks like ${turned}: say --layout channels-first, or channels-last if there are ${second} channels.`,
      );
    }
    if (bytes < start + count * first * second * size) throw new Fault(`${said}: its numbers are cut off.`);
    this.#isTurned = options.layout === "channels-first";
    const [length, width] = this.#isTurned ? [second, first] : [first, second];
    if (length === 0 || width === 0) throw new Fault(`${said} has no numbers.`);
    const names = options.channels ?? Array.from({ length: width }, (_, i) => `${i}`);
    if (names.length !== width) throw wrongArguments(`--channels has ${names.length} names; ${said} has ${width}.`);
    this.channels = names;
    this.count = count;
    this.longest = length;
    this.#handle = handle;
    this.#file = file;
    this.#header = header;
  }

  async *batches(): AsyncGenerator<Batch> {
    const { channels, count, longest } = this;
    const { start, size } = this.#header;
    const width = channels.length;
    const each = longest * width;
    const most = Math.max(1, Math.floor(numbersOfBatch / each));
    for (let from = 0; from < count; from += most) {
      const paths = Math.min(most, count - from);
      const bytes = new Uint8Array(paths * each * size);
      for (let done = 0; done < bytes.length; ) {
        const at = start + from * each * size + done;
        const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, at);
        if (bytesRead === 0) throw new Fault(`${this.#file} was cut off while it was read.`);
        done += bytesRead;
      }
      const numbers = numbersAt(bytes, 0, paths * each, this.#header);
      const data = new Float64Array(paths * each);
      copyIn(numbers, kindOf(numbers) as Kind, 0, data.length, data, 0);
      yield {
        series: {
          data: this.#isTurned ? turned(data, paths, width, longest) : data,
          offsets: Float64Array.from({ length: paths + 1 }, (_, i) => i * longest),
          channels,
          ids: Array.from({ length: paths }, (_, i) => from + i),
        },
      };
    }
  }

  readonly locate: Source["locate"] = async (id, point, channel) =>
    `${this.#file}, series ${id}, point ${point}, channel ${this.channels[channel]}`;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/** (paths, channels, length) as (paths, length, channels). */
function turned(data: Float64Array, paths: number, channels: number, length: number): Float64Array {
  const all = new Float64Array(data.length);
  for (let path = 0, at = 0; path < paths; path++)
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < length; i++, at++) all[(path * length + i) * channels + c] = data[at] as number;
  return all;
}
