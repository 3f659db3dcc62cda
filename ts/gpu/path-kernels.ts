// Dispatches of the kernels that read paths: their parameters and bindings, for a block and its
// regions. Which kernels run, in which order, is the operations' to say.

import type { Call } from "../input/call.ts";
import type { Block } from "./blocks.ts";
import type { Device } from "./device.ts";
import { dispatchOf } from "./dispatches.ts";
import { operationsOfStep } from "./kernel-plan.ts";
import { endsInvocations } from "./kernels/ends.wgsl.ts";
import { finiteEach, finiteInvocations } from "./kernels/finite.wgsl.ts";
import { option, paramNames } from "./kernels/params.wgsl.ts";
import type { Layout } from "./layout.ts";
import type { Pipeline } from "./pipelines.ts";
import type { Signatures } from "./products.ts";
import type { Region } from "./regions.ts";
import type { Rows } from "./staging.ts";
import type { Command } from "./submit.ts";

/** What a block reads and writes. */
export interface BlockRegions {
  readonly points: Region;
  readonly lengths: Region | undefined;
  readonly basepoints: Rows | undefined;
  readonly initials: Rows | undefined;
  /** (paths, rows, row). */
  readonly out: Region;
  /** Where the first path that is not finite is written. */
  readonly found: Region;
  /** Where the state after a stream's block goes, if another block continues it: (paths, size). */
  readonly state?: Region | undefined;
}

/** What differs between uses of the kernels that walk. */
export interface WalkOptions {
  /** What tracks begin from. */
  readonly initials?: (Rows & { readonly pieceStride?: number }) | undefined;
  /** What the product of a path's pieces is multiplied to. */
  readonly continues?: Rows | undefined;
  /** Whether rows begin with their scalar term, if the call asks for one. */
  readonly scalar?: boolean;
  /** Pieces of a path. Default 1. */
  readonly pieces?: number;
  /** Steps of a piece, where all paths are cut alike. */
  readonly pieceSteps?: number;
  /** Other option bits. */
  readonly bits?: number;
  /** Shares to follow, where not all are, or a program of recovery. */
  readonly listed?: Region;
}

/** Dispatches for the blocks of one call. */
export class PathKernels {
  readonly #device: Device;
  readonly #call: Call;

  constructor(device: Device, call: Call) {
    this.#device = device;
    this.#call = call;
  }

  /** Numbers before each row of a block: states have no scalar term. */
  scalarOf({ isResult }: Block): number {
    return isResult ? this.#call.row - this.#call.size : 0;
  }

  /** Where whole signatures stand among the rows of a block. */
  rowsOf(block: Block, out: Region): Signatures {
    const ahead = 4 * this.scalarOf(block);
    const row = this.#call.size + this.scalarOf(block);
    const behindScalar = { buffer: out.buffer, at: out.at + ahead, bytes: out.bytes - ahead, ahead };
    return { region: behindScalar, path: block.rows * row, step: row };
  }

  /** A kernel that walks. */
  walk(
    pipeline: Pipeline,
    layout: Layout,
    block: Block,
    regions: BlockRegions,
    out: Signatures,
    options: WalkOptions,
  ): Command {
    const tracks = block.paths * (options.pieces ?? 1);
    const steps = block.points + (block.basepoint ? 1 : 0);
    const workgroups = layout.workgroups > 1 ? tracks * layout.workgroups : Math.ceil(tracks / layout.tracks);
    return this.dispatch(
      pipeline,
      block,
      regions,
      out,
      options,
      workgroups,
      block.paths * steps * operationsOfStep(layout),
    );
  }

  /** Words of one letter. */
  ends(pipeline: Pipeline, block: Block, regions: BlockRegions, rows: Signatures, options: WalkOptions): Command {
    const { channels, depth } = this.#call;
    const count = block.paths * block.rows * channels * depth;
    const own = { ...options, initials: regions.initials };
    return this.dispatch(pipeline, block, regions, rows, own, Math.ceil(count / endsInvocations), 20 * count);
  }

  /** Checks every number of a block; `locate`: finds the number, not only its path. */
  finite(pipeline: Pipeline, block: Block, regions: BlockRegions, locate: boolean): Command {
    const numbers = block.paths * block.points * this.#call.channels;
    const workgroups = Math.ceil(numbers / (finiteInvocations * finiteEach));
    const rows = this.rowsOf(block, regions.out);
    const bits = locate ? option.LOCATE : 0;
    return this.dispatch(pipeline, block, regions, rows, { bits }, workgroups, 4 * numbers);
  }

  dispatch(
    pipeline: Pipeline,
    block: Block,
    regions: BlockRegions,
    out: Signatures,
    options: WalkOptions,
    workgroups: number,
    operations: number,
  ): Command {
    const { points, lengths, basepoints, found, state } = regions;
    const { inverse, checkFinite, stream } = this.#call;
    const { continues, scalar = false, pieces = 1, pieceSteps = 0, bits = 0, listed = state } = options;
    const initials: WalkOptions["initials"] = options.initials ?? continues;
    return dispatchOf(
      this.#device,
      pipeline,
      paramNames,
      [
        ["points_offset", points],
        ["lengths_offset", lengths],
        ["basepoint_offset", basepoints?.region],
        ["initial_offset", initials?.region],
        ["out_offset", out.region],
        [undefined, found],
        [undefined, listed],
      ],
      {
        options:
          (block.ragged ? option.LENGTHS : 0) |
          (block.basepoint ? option.BASEPOINT : 0) |
          (inverse ? option.INVERSE : 0) |
          bits |
          (options.initials ? option.INITIAL : 0) |
          (continues ? option.CONTINUES : 0) |
          (scalar && this.scalarOf(block) > 0 ? option.SCALAR_TERM : 0) |
          (checkFinite ? option.CHECK_FINITE : 0) |
          (stream ? option.STREAM : 0),
        tracks: block.paths * pieces,
        pieces,
        piece_steps: pieceSteps,
        points: block.points,
        rows: block.rows,
        basepoint_stride: basepoints?.stride ?? 0,
        initial_path: initials?.stride ?? 0,
        initial_piece: initials?.pieceStride ?? 0,
        out_path: out.path,
        out_piece: out.step,
        first_path: block.first,
      },
      workgroups,
      operations,
    );
  }
}
