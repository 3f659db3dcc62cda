// A call's blocks one after the other: each uploaded while the one before is computed and the one before that is read back. What a block's commands are,
// and what becomes of what comes back, is the operation's.

import { blocksUnderWay } from "./blocks.ts";
import type { Block } from "./cutting.ts";
import type { Device } from "./device.ts";
import { allOf } from "./faults.ts";
import { Holdings } from "./memory.ts";
import { mappedRange } from "./readback.ts";
import type { Command } from "./submit.ts";
import { MAP_MODE_READ } from "./usage.ts";

/** A block, encoded. */
export interface Encoded {
  readonly commands: readonly Command[];
  /** Where what comes back is, and its bytes; absent where nothing does. */
  readonly readback?: { readonly buffer: GPUBuffer; readonly bytes: number } | undefined;
  /** Takes what came back. */
  readonly take?: ((range: ArrayBuffer) => void) | undefined;
}

/** How an operation goes through its blocks. */
export interface Course<Shared> {
  /** Called before each submission; throws to stop the work. */
  readonly check?: (() => void) | undefined;
  /** Told the operations of each submission that is done. */
  readonly onDone?: ((operations: number) => void) | undefined;
  /** What all blocks share, made in error scopes; what is taken from the holdings is given back in the end. */
  share(holdings: Holdings): Shared;
  encode(block: Block, shared: Shared, isLast: boolean, holdings: Holdings): Encoded;
  /** After a failure: what of the shared is not in the holdings. */
  drop(shared: Shared): void;
}

/**
 * Carries out all blocks.
 * @throws PathSignatureError GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED, and what `check` throws
 */
export async function inBlocks<Shared>(
  device: Device,
  blocks: readonly Block[],
  course: Course<Shared>,
): Promise<Shared> {
  const holdings = new Holdings(device.memory);
  const finishing: Promise<void>[] = [];
  let made: { shared: Shared } | undefined;
  try {
    const { value: shared, settled } = device.scoped(() => course.share(holdings));
    made = { shared };
    for (const [i, block] of blocks.entries()) {
      if (finishing.length >= blocksUnderWay - 1) await finishing[finishing.length - blocksUnderWay + 1];
      course.check?.();
      const { finished } = await submit(device, course, block, shared, i === blocks.length - 1);
      // Awaited later: until then a failure is not unhandled.
      finished.catch(() => undefined);
      finishing.push(finished);
    }
    await allOf([settled, ...finishing]);
    holdings.giveBack();
    return shared;
  } catch (error) {
    // Nothing may go that a submission still uses.
    await Promise.allSettled(finishing);
    holdings.drop();
    if (made) course.drop(made.shared);
    throw error;
  }
}

/** Submits a block; `finished` resolves when its results are where they belong. */
async function submit<Shared>(
  device: Device,
  { check, onDone, encode }: Course<Shared>,
  block: Block,
  shared: Shared,
  isLast: boolean,
): Promise<{ finished: Promise<void> }> {
  const holdings = new Holdings(device.memory);
  try {
    const { value, settled } = device.scoped(() => encode(block, shared, isLast, holdings));
    const { commands, readback, take } = value;
    const { done } = await device.submitter.run(commands, { check, onDone });
    const mapped = readback && device.whileThere(readback.buffer.mapAsync(MAP_MODE_READ, 0, readback.bytes));
    const finished = allOf([settled, done, mapped]).then(
      () => {
        if (readback) {
          take?.(mappedRange(readback.buffer, readback.bytes));
          readback.buffer.unmap();
        }
        holdings.giveBack();
      },
      (error) => {
        holdings.drop();
        throw error;
      },
    );
    return { finished };
  } catch (error) {
    holdings.drop();
    throw error;
  }
}

/** The command that copies bytes from a region to a buffer. */
export const copyOf = (
  from: { readonly buffer: GPUBuffer; readonly at: number },
  fromAt: number,
  to: GPUBuffer,
  toAt: number,
  bytes: number,
): Command => ({ kind: "copy", from: from.buffer, fromAt: from.at + fromAt, to, toAt, bytes });

/** Tells a listener of operations as a share of all. */
export function progressOf(onProgress: (fraction: number) => void, total: number): (operations: number) => void {
  let done = 0;
  return (operations) => {
    done += operations;
    onProgress(Math.min(1, done / total));
  };
}

const nothingFound = 0xffffffff;

/** The number of a path that kernels have found, at a byte of what came back; `undefined` where they found none. */
export function foundIn(range: ArrayBuffer, at: number): number | undefined {
  const [path] = new Uint32Array(range, at, 1);
  return path === nothingFound ? undefined : path;
}
