// Errors of the pool.

import { failure } from "../input/errors.ts";

export const closed = (): Error =>
  failure(
    "ENGINE_CLOSED",
    "engine",
    "an engine that was closed",
    "an engine that is open: make another one with createEngine",
    "This engine was closed",
  );

export const full = (most: number): Error =>
  failure(
    "QUEUE_FULL",
    "maxQueued",
    `${most} calls that wait or run`,
    "fewer calls at once, or a larger maxQueued",
    `${most} calls are waiting or running on this engine, as many as its maxQueued allows: await some of them first`,
  );

export const exhausted = (block: string, tries: number, reason: string): Error =>
  failure(
    "BLOCK_FAILED",
    block,
    `${tries} threads that failed with it`,
    "a block that a thread can compute",
    `${tries} threads in turn failed with the block of ${block}; the last: ${reason}`,
  );
