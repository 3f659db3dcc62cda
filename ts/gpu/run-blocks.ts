// Runs a call's blocks one after the other: each is uploaded while the one before is computed and
// the one before that is read back. What a block's commands are, and where results go, is the
// operation's.

import { blocksInProgress } from "./blocks.ts";
import type { Device } from "./device.ts";
import { allOf } from "./faults.ts";
import { Holdings } from "./memory.ts";
import { mappedRange } from "./readback.ts";
import type { Region } from "./regions.ts";
import type { Command } from "./submit.ts";
import { MAP_MODE_READ, READBACK } from "./usage.ts";

/** A block, encoded. */
export interface EncodedBlock {
  readonly commands: readonly Command[];
  /** What is read back, and who takes it; absent where nothing is. */
  readonly readback?:
    | { readonly buffer: GPUBuffer; readonly bytes: number; take(range: ArrayBuffer): void }
    | undefined;
}

/** The blocks of a call, and how they are encoded. */
export interface BlockJob {
  readonly blocks: readonly unknown[];
  /** Called before each submission; throws to stop the work. */
  readonly check?: (() => void) | undefined;
  /** Called with the operations of each submission that is done. */
  readonly onDone?: ((operations: number) => void) | undefined;
  /** Makes the buffers that all blocks share, inside error scopes. */
  begin(holdings: Holdings): void;
  encode(block: unknown, isLast: boolean, holdings: Holdings): EncodedBlock;
  /** Destroys results that were made, after a failure. */
  drop(): void;
}

/** What is read back of a block: regions, one behind the other in one buffer. */
export class BlockReadback {
  readonly #parts: { readonly region: Region; readonly at: number; take(range: ArrayBuffer, at: number): void }[] = [];
  #bytes = 0;

  /** `take` gets what came back, and the byte at which the region begins there. */
  add(region: Region, take: (range: ArrayBuffer, at: number) => void): void {
    this.#parts.push({ region, at: this.#bytes, take });
    this.#bytes += region.bytes;
  }

  /** The commands with the copies that the readback needs. */
  encode(commands: readonly Command[], holdings: Holdings): EncodedBlock {
    const bytes = this.#bytes;
    if (bytes === 0) return { commands };
    const parts = this.#parts;
    const buffer = holdings.take(bytes, READBACK);
    const copies = parts.map(({ region, at }) => copyOf(region, buffer, at));
    const take = (range: ArrayBuffer): void => {
      for (const part of parts) part.take(range, part.at);
    };
    return { commands: [...commands, ...copies], readback: { buffer, bytes, take } };
  }
}

/** Runs all blocks. @throws PathSignatureError faults of the device, and what `check` throws */
export async function runBlocks(device: Device, job: BlockJob): Promise<void> {
  const { blocks, check } = job;
  const holdings = new Holdings(device.memory);
  const finishing: Promise<void>[] = [];
  try {
    const { settled } = device.scoped(() => job.begin(holdings));
    for (const [i, block] of blocks.entries()) {
      if (finishing.length >= blocksInProgress - 1) await finishing[finishing.length - blocksInProgress + 1];
      check?.();
      const { finished } = await submit(device, job, block, i === blocks.length - 1);
      // Awaited later: until then a failure must not count as unhandled.
      finished.catch(() => undefined);
      finishing.push(finished);
    }
    await allOf([settled, ...finishing]);
    holdings.release();
  } catch (error) {
    // Submissions may still use the buffers.
    await Promise.allSettled(finishing);
    holdings.drop();
    job.drop();
    throw error;
  }
}

/** Submits a block; `finished` resolves when its results are where they belong. */
async function submit(
  device: Device,
  job: BlockJob,
  block: unknown,
  isLast: boolean,
): Promise<{ finished: Promise<void> }> {
  const holdings = new Holdings(device.memory);
  try {
    const { value, settled } = device.scoped(() => job.encode(block, isLast, holdings));
    const { commands, readback } = value;
    const { done } = await device.submitter.run(commands, job);
    const mapped = readback && device.whileAlive(readback.buffer.mapAsync(MAP_MODE_READ, 0, readback.bytes));
    const finished = allOf([settled, done, mapped])
      .then(() => {
        if (readback) {
          readback.take(mappedRange(readback.buffer, readback.bytes));
          readback.buffer.unmap();
        }
        holdings.release();
      })
      // Of a device that is lost as its results are read, too.
      .catch((error) => {
        holdings.drop();
        throw error;
      });
    return { finished };
  } catch (error) {
    holdings.drop();
    throw error;
  }
}

/**
 * Submits all blocks before it returns, and reads nothing back. Buffers are released at once: a
 * queue keeps its order, so that whoever takes one next writes to it behind this work.
 */
export function submitBlocks(device: Device, job: BlockJob): void {
  const [shared, own] = [new Holdings(device.memory), new Holdings(device.memory)];
  try {
    job.begin(shared);
    for (const [i, block] of job.blocks.entries()) {
      device.submitter.runNow(job.encode(block, i === job.blocks.length - 1, own).commands);
      own.release();
    }
  } finally {
    own.release();
    shared.release();
  }
}

/** The command that copies a region to a buffer. */
export const copyOf = ({ buffer: from, at: fromAt, bytes }: Region, to: GPUBuffer, toAt: number): Command => ({
  kind: "copy",
  from,
  fromAt,
  to,
  toAt,
  bytes,
});

/** Reports operations to a listener as a share of all. */
export function progressOf(onProgress: (fraction: number) => void, total: number): (operations: number) => void {
  let done = 0;
  return (operations) => {
    done += operations;
    onProgress(Math.min(1, done / total));
  };
}

const nothingFound = 0xffffffff;

/** What a region holds to begin with in which kernels write the first path that is not finite. */
export const noPathFound = (): Uint32Array<ArrayBuffer> => new Uint32Array([nothingFound]);

/** The path that kernels have found, at a byte of a readback; `undefined`: none. */
export function pathFound(range: ArrayBuffer, at: number): number | undefined {
  const [path] = new Uint32Array(range, at, 1);
  return path === nothingFound ? undefined : path;
}
