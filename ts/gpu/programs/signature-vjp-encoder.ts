// From a block to the commands that compute its gradients: signatures first (signature-encoder.ts),
// then what cotangents become on brackets (functionals.ts), then the sweep through time
// (docs/gradients.md). Nothing is submitted here.

import type { Call } from "../../input/call.ts";
import { countCoefficients } from "../../input/size.ts";
import type { Block } from "../blocks.ts";
import type { Device } from "../device.ts";
import { type Binding, dispatchOf } from "../dispatches.ts";
import { flowOperations, flowPartSteps, streamMemory, streamPartSteps } from "../flow-layout.ts";
import { depthTwoInvocations } from "../kernels/depth-two.wgsl.ts";
import {
  bracketKernel,
  contractKernel,
  depthTwoKernel,
  flowKernel,
  streamGradientsKernel,
  transportKernel,
} from "../kernels/index.ts";
import { option } from "../kernels/params.wgsl.ts";
import { pointsParamNames } from "../kernels/points.wgsl.ts";
import { streamParamNames } from "../kernels/stream-gradients.wgsl.ts";
import type { Holdings } from "../memory.ts";
import type { PipelinesOf } from "../operation.ts";
import { bracketPasses, forwardDepth, type GradientPlan, streamOperations } from "../operations/signature-vjp.ts";
import type { BlockRegions } from "../path-kernels.ts";
import type { Kernel } from "../pipelines.ts";
import type { Signatures } from "../products.ts";
import { allocate, partOf, type Region } from "../regions.ts";
import { copyOf } from "../run-blocks.ts";
import type { Rows } from "../staging.ts";
import type { Command } from "../submit.ts";
import { Functionals } from "./functionals.ts";
import type { SignatureEncoder, SignatureKernels } from "./signature-encoder.ts";

/** What a block of gradients reads and writes. */
export interface GradientRegions extends BlockRegions {
  /** Of each path, without its first scalar term. */
  readonly cotangents: Rows;
  /** Gradients of basepoints, (paths, channels), and of initial signatures, (paths, size). */
  readonly outBasepoint: Region | undefined;
  readonly outInitial: Region | undefined;
  /** The first path whose cotangent is not finite; of streams a number a path, not 0 if not. */
  readonly foundCotangent: Region;
}

type OwnKernels = { readonly [Name in "right" | "left" | "brackets" | "transport" | "points"]?: Kernel };
/** All kernels of gradients, those of the signatures that they need too. */
export type GradientKernels = SignatureKernels & OwnKernels;

/** The kernels of a plan, but those of signatures. */
export function gradientKernels(channels: number, depth: number, initial: boolean, plan: GradientPlan): OwnKernels {
  const { kernel, flow, pieces } = plan;
  if (kernel === "adjoint") return { points: streamGradientsKernel(channels, depth) };
  return {
    right: contractKernel("right", channels, depth),
    ...(initial && { left: contractKernel("left", channels, depth) }),
    ...(bracketPasses(channels, depth) > 0 && { brackets: bracketKernel(channels, depth) }),
    ...(pieces > 1 && { transport: transportKernel(channels, depth) }),
    points: flow ? flowKernel(flow) : depthTwoKernel(channels, depth),
  };
}

/** Writes the commands of a call's blocks. */
export class GradientEncoder {
  readonly #device: Device;
  readonly #call: Call;
  readonly #plan: GradientPlan;
  readonly #pipelines: PipelinesOf<GradientKernels>;
  readonly #signatures: SignatureEncoder;
  readonly #functionals: Functionals;

  /** `signatures`: encodes those that gradients need. */
  constructor(
    device: Device,
    call: Call,
    plan: GradientPlan,
    pipelines: PipelinesOf<GradientKernels>,
    signatures: SignatureEncoder,
  ) {
    this.#device = device;
    this.#call = call;
    this.#plan = plan;
    this.#pipelines = pipelines;
    this.#signatures = signatures;
    this.#functionals = new Functionals(device, call, pipelines);
  }

  commands(block: Block, regions: GradientRegions, holdings: Holdings): Command[] {
    if (this.#call.stream) return this.#stream(block, regions, holdings);
    const { size } = this.#call;
    const { pieces } = this.#plan;
    const { cotangents, initials, outInitial, foundCotangent } = regions;
    const { paths } = block;
    const functionals = this.#functionals;
    const ofPaths = (each: number) => allocate(paths * each, holdings);
    const { commands: all, signatures, prefixes } = this.#signaturesOf(block, regions, holdings);
    let moved = cotangents;
    if (initials) {
      moved = { region: ofPaths(size), stride: size };
      all.push(functionals.contract("left", block, foundCotangent, cotangents, initials, moved));
      const gradient = { region: outInitial!, stride: size };
      all.push(functionals.contract("right", block, foundCotangent, cotangents, signatures, gradient, size));
    }
    const { width } = functionals;
    const contracted = { region: ofPaths(width), stride: width };
    all.push(functionals.contract("right", block, foundCotangent, moved, signatures, contracted));
    const { commands, at } = functionals.brackets(paths, contracted.region, () => ofPaths(width));
    all.push(...commands);
    let functional = at;
    if (prefixes) {
      functional = ofPaths(pieces * width);
      all.push(functionals.transport(paths, pieces, at, prefixes, functional));
    }
    all.push(...this.#points(block, regions, { region: functional, stride: width }));
    return all;
  }

  /**
   * Signatures of a block's paths; with several pieces also those from a path's beginning to the
   * end of each piece, of which they are the last.
   */
  #signaturesOf(
    block: Block,
    regions: GradientRegions,
    holdings: Holdings,
  ): { commands: Command[]; signatures: Rows; prefixes?: Signatures } {
    const { channels, depth } = this.#call;
    const { pieces } = this.#plan;
    const { paths } = block;
    const own = { ...regions, initials: undefined };
    if (pieces > 1) {
      const { commands, at } = this.#signatures.prefixes(block, own, holdings);
      const before = (pieces - 1) * at.step;
      const region = partOf(at.region, before, at.region.bytes / 4 - before);
      return { commands, signatures: { region, stride: at.path }, prefixes: at };
    }
    const size = countCoefficients(channels, forwardDepth(depth, false));
    const signatures = { region: allocate(paths * size, holdings), stride: size };
    return { commands: this.#signatures.commands(block, { ...own, out: signatures.region }, holdings), signatures };
  }

  /** Signatures of all prefixes, and the sweep back through them. */
  #stream(block: Block, regions: GradientRegions, holdings: Holdings): Command[] {
    const { channels, depth, size, rows, row } = this.#call;
    const { paths } = block;
    const { cotangents, initials, outBasepoint, outInitial, foundCotangent } = regions;
    const signatures = allocate(paths * rows * size, holdings);
    const memory = streamMemory(paths, channels, size);
    const moving = allocate(memory.numbers, holdings);
    const all = this.#signatures.commands(block, { ...regions, out: signatures }, holdings);
    const { bindings, params, walked } = this.#paths(block, regions, { region: moving, stride: 0 });
    const part = (first: number, last: number): Command =>
      dispatchOf(
        this.#device,
        this.#pipelines.points!,
        streamParamNames,
        [
          ...bindings,
          ["signature_offset", signatures],
          ["cotangent_offset", cotangents.region],
          ["initial_offset", initials?.region],
        ],
        {
          ...params,
          options: params.options | (initials ? option.INITIAL : 0),
          // `moving` begins where its binding does.
          out_basepoint_offset: memory.basepoint,
          rows,
          signature_path: rows * size,
          cotangent_path: cotangents.stride,
          cotangent_row: row,
          initial_path: initials?.stride ?? 0,
          first_step: first,
          last_step: last,
          begins: last === walked - 1 ? 1 : 0,
        },
        paths,
        paths * (last - first + 1) * streamOperations(channels, depth),
      );
    const each = streamPartSteps(channels, depth);
    let last = walked - 1;
    do {
      const first = Math.max(last - each, 0);
      all.push(part(first, last));
      last = first;
    } while (last > 0);
    const copy = (at: number, to: Region | undefined): void => {
      if (to) all.push(copyOf(partOf(moving, at, to.bytes / 4), to.buffer, to.at));
    };
    copy(memory.initial, outInitial);
    copy(memory.basepoint, outBasepoint);
    copy(memory.kept, foundCotangent);
    return all;
  }

  /** What all kernels of points are bound to, and their parameters, for a block's paths. */
  #paths(block: Block, { points, lengths, basepoints, out }: GradientRegions, functional: Rows) {
    const { inverse } = this.#call;
    const bindings = [
      ["points_offset", points],
      ["lengths_offset", lengths],
      ["basepoint_offset", basepoints?.region],
      ["functional_offset", functional.region],
      ["out_offset", out],
    ] as const satisfies Binding<string>[];
    const params = {
      options:
        (block.ragged ? option.LENGTHS : 0) | (block.basepoint ? option.BASEPOINT : 0) | (inverse ? option.INVERSE : 0),
      paths: block.paths,
      pieces: this.#plan.pieces,
      piece_steps: 0,
      points: block.points,
      basepoint_stride: basepoints?.stride ?? 0,
      functional_path: functional.stride,
    };
    return { bindings, params, walked: block.points + (block.basepoint ? 1 : 0) };
  }

  #points(block: Block, regions: GradientRegions, functional: Rows): Command[] {
    const { channels } = this.#call;
    const { flow, pieces } = this.#plan;
    const tracks = block.paths * pieces;
    const { bindings, params, walked } = this.#paths(block, regions, functional);
    // Bindings may not write to the same buffer: `foundCotangent` is bound to nothing else.
    const toBasepoint = regions.outBasepoint ?? regions.foundCotangent;
    const part = (first_step: number, last_step: number, workgroups: number, operations: number): Command =>
      dispatchOf(
        this.#device,
        this.#pipelines.points!,
        pointsParamNames,
        [...bindings, ["out_basepoint_offset", toBasepoint]],
        { ...params, first_step, last_step },
        workgroups,
        operations,
      );
    if (!flow) {
      const count = tracks * walked * channels;
      return [part(0, 0, Math.ceil(count / depthTwoInvocations), 4 * count * channels)];
    }
    const each = flowPartSteps(flow);
    const parts: Command[] = [];
    // The points of a piece, and the one where it begins.
    const end = Math.ceil((walked - 1) / pieces) + 1;
    for (let first = 0; first < end; first += each) {
      const last = Math.min(end, first + each);
      const operations = tracks * (last - first) * flowOperations(flow);
      parts.push(part(first, last, Math.ceil(tracks / flow.tracks), operations));
    }
    return parts;
  }
}
