// From a block to the commands that compute it: which kernels run on which regions, with which parameters. The one place that knows how
// the kernels work together. Nothing is submitted here.

import type { Call } from "../input/call.ts";
import type { Block } from "./cutting.ts";
import type { Device } from "./device.ts";
import { dispatchOf } from "./dispatches.ts";
import { endsInvocations } from "./kernels/ends.wgsl.ts";
import { finiteEach, finiteInvocations } from "./kernels/finite.wgsl.ts";
import {
  chenKernel,
  endsKernel,
  finiteKernel,
  prunedKernel,
  recoveryKernel,
  streamKernel,
  wholeKernel,
} from "./kernels/index.ts";
import { option, type Params, paramNames, pathBindings } from "./kernels/params.wgsl.ts";
import type { Holdings } from "./memory.ts";
import type { Kernel, Pipeline } from "./pipelines.ts";
import { Products, type Signatures } from "./products.ts";
import { encodeProgram, programOperations, recoveryOf } from "./recovery.ts";
import { type Bound, bind, type Region } from "./regions.ts";
import type { Rows } from "./staging.ts";
import type { Command } from "./submit.ts";
import { STORAGE } from "./usage.ts";
import { operationsOfStep, piecesLeft, type Way } from "./way.ts";

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
}

/** The kernels that a call takes, by what they are for. */
export interface Kernels {
  readonly whole?: Kernel;
  readonly stream?: Kernel;
  readonly chen?: Kernel;
  /** What was not followed. */
  readonly recovery?: Kernel;
  /** Words of one letter: all that there is, or written over what products of pieces have rounded. */
  readonly ends?: Kernel;
  readonly finite?: Kernel;
}

export type Pipelines = { readonly [Name in keyof Kernels]: Pipeline };

/** The kernels of a way. */
export function kernelsOf(channels: number, depth: number, stream: boolean, way: Way): Kernels {
  const { layout, pieces } = way;
  if (!layout) return { ends: endsKernel(channels, depth), finite: finiteKernel(channels) };
  const chen = chenKernel(channels, depth);
  if (way.followed) {
    const recovery = recoveryKernel(channels, depth);
    return { whole: prunedKernel(layout), recovery, chen, ends: endsKernel(channels, depth) };
  }
  if (!stream) {
    const products = piecesLeft(way) > 1 ? { chen, ends: endsKernel(channels, depth) } : {};
    return { whole: wholeKernel(layout), ...products };
  }
  // The pieces' own signatures come first.
  const own = pieces > 1 ? { whole: wholeKernel(way.wholeLayout!), chen } : {};
  return { stream: streamKernel(layout), ...own };
}

/** Makes pipelines of kernels, all at once. */
export async function pipelinesOf<Name extends string>(
  device: Device,
  kernels: { readonly [N in Name]?: Kernel },
): Promise<{ readonly [N in Name]?: Pipeline }> {
  const entries = Object.entries(kernels) as [Name, Kernel][];
  const made = await Promise.all(entries.map(async ([name, kernel]) => [name, await device.pipelines.get(kernel)]));
  return Object.fromEntries(made);
}

/** Writes the commands of a call's blocks. */
export class Encoder {
  readonly #device: Device;
  readonly #call: Call;
  readonly #way: Way;
  readonly #pipelines: Pipelines;
  readonly #products: Products | undefined;

  constructor(device: Device, call: Call, way: Way, pipelines: Pipelines) {
    this.#device = device;
    this.#call = call;
    this.#way = way;
    this.#pipelines = pipelines;
    if (pipelines.chen) this.#products = new Products(device, pipelines.chen, call.size, call.depth);
  }

  commands(block: Block, regions: BlockRegions, holdings: Holdings): Command[] {
    if (this.#way.kernel === "ends") return this.#closed(block, regions);
    if (this.#call.stream) return this.#stream(block, regions, holdings);
    return this.#whole(block, regions, holdings);
  }

  get #scalar(): number {
    return this.#call.row - this.#call.size;
  }

  /** Where whole signatures stand among the rows of a block. */
  #rowsOf({ rows }: Block, out: Region): Signatures {
    const { row } = this.#call;
    const ahead = 4 * this.#scalar;
    const behindScalar = { buffer: out.buffer, at: out.at + ahead, bytes: out.bytes - ahead, ahead };
    return { region: behindScalar, path: rows * row, step: row };
  }

  #room(count: number, holdings: Holdings): Region {
    return { buffer: holdings.take(4 * count, STORAGE), at: 0, bytes: 4 * count };
  }

  #whole(block: Block, regions: BlockRegions, holdings: Holdings): Command[] {
    const { size } = this.#call;
    const { paths } = block;
    const { initials } = regions;
    const rows = this.#rowsOf(block, regions.out);
    const whole = this.#pipelines.whole!;
    const { pieces, layout } = this.#way;
    const left = piecesLeft(this.#way);
    if (pieces === 1) return [this.#walk(whole, block, regions, rows, { initials, scalar: true })];
    const tree = layout!.gathers ? option.TREE : 0;
    if (left === 1) {
      const bits = tree | option.ENDS;
      return [this.#walk(whole, block, regions, rows, { continues: initials, scalar: true, bits })];
    }
    const states = (each: number): Signatures => ({
      region: this.#room(paths * each * size, holdings),
      path: each * size,
      step: size,
    });
    const pruned = this.#way.followed && this.#pruned(block, regions, holdings);
    const from = pruned?.at ?? states(left);
    const other = states(left / 2);
    const products = this.#products!;
    const scalarTerm = this.#scalar > 0;
    const all = pruned?.commands ?? [this.#walk(whole, block, regions, from, { bits: tree })];
    if (initials) {
      const last = states(1);
      all.push(...products.tree(paths, left, from, other, ([a, b]) => products.multiply(paths, 1, a, b, last)));
      all.push(products.multiply(paths, 1, signaturesOf(initials), last, rows, { scalarTerm }));
    } else {
      const finish = ([a, b]: [Signatures, Signatures]) => products.multiply(paths, 1, a, b, rows, { scalarTerm });
      all.push(...products.tree(paths, left, from, other, finish));
    }
    all.push(this.#ends(block, regions, rows, false));
    return all;
  }

  /** Signatures from each path's beginning to the end of each piece, without a scalar term; gives where they stand. */
  prefixes(block: Block, regions: BlockRegions, holdings: Holdings): { commands: Command[]; at: Signatures } {
    const { size } = this.#call;
    const { pieces } = this.#way;
    const { paths } = block;
    const inPlace = { ...regions, initials: undefined };
    const room = (): Signatures => ({
      region: this.#room(paths * pieces * size, holdings),
      path: pieces * size,
      step: size,
    });
    const [from, other] = [room(), room()];
    const { commands, at } = this.#products!.prefixes(paths, pieces, from, other);
    const ends = this.#ends({ ...block, rows: pieces }, inPlace, at, false, pieces);
    return { commands: [this.#walk(this.#pipelines.whole!, block, inPlace, from, {}), ...commands, ends], at };
  }

  /** The pieces' signatures by the pruned walk; gives where they stand. */
  #pruned(block: Block, regions: BlockRegions, holdings: Holdings): { commands: Command[]; at: Signatures } {
    const { channels, depth } = this.#call;
    const { followed, pieces } = this.#way;
    const device = this.#device;
    const { values, operations, words } = programOf(channels, depth);
    const name = `${channels} channels, depth ${depth}`;
    const program = device.constant(`program, ${name}`, () => words);
    const shares = device.constant(`shares, ${name}`, () => Uint32Array.from(followed!));
    const tracks = block.paths * pieces;
    const at: Signatures = { region: this.#room(tracks * values, holdings), path: pieces * values, step: values };
    const inPlace = { ...regions, initials: undefined, out: at.region };
    const walk = this.#walk(this.#pipelines.whole!, block, regions, at, { listed: shares });
    const params = this.#params(block, inPlace, at, { pieces });
    const recovery = this.#dispatch(this.#pipelines.recovery!, inPlace, params, tracks, tracks * operations, program);
    return { commands: [walk, recovery], at };
  }

  #stream(block: Block, regions: BlockRegions, holdings: Holdings): Command[] {
    const { size, row } = this.#call;
    const { paths } = block;
    const rows = this.#rowsOf(block, regions.out);
    const { stream, whole } = this.#pipelines;
    const pieceSteps = Math.ceil(block.rows / this.#way.pieces);
    // Few rows may be fewer pieces.
    const pieces = Math.ceil(block.rows / pieceSteps);
    const written = { ...rows, step: pieceSteps * row };
    if (pieces === 1) {
      return [this.#walk(stream!, block, regions, written, { initials: regions.initials, scalar: true, pieceSteps })];
    }
    // Slot 0 of each path is what it continues, slot i + 1 the signature of piece i.
    const slots = pieces + 1;
    const room = (): Signatures => ({
      region: this.#room(paths * slots * size, holdings),
      path: slots * size,
      step: size,
    });
    const [from, other] = [room(), room()];
    const products = this.#products!;
    const all: Command[] = [{ kind: "clear", buffer: from.region.buffer, bytes: from.region.bytes }];
    if (regions.initials) {
      const initials = signaturesOf(regions.initials);
      all.push(products.multiply(paths, 1, initials, initials, from, { copies: 1 }));
    }
    const own = { ...from, region: { ...from.region, at: 4 * size, bytes: from.region.bytes - 4 * size } };
    all.push(this.#walk(whole!, block, regions, own, { pieces, pieceSteps }));
    const { commands, at } = products.prefixes(paths, slots, from, other);
    all.push(...commands);
    const before = { region: at.region, stride: at.path, pieceStride: size };
    all.push(this.#walk(stream!, block, regions, written, { initials: before, scalar: true, pieceSteps, pieces }));
    return all;
  }

  /** One channel or depth 1. */
  #closed(block: Block, regions: BlockRegions): Command[] {
    const { checkFinite } = this.#call;
    const rows = this.#rowsOf(block, regions.out);
    const all = [this.#ends(block, regions, rows, true)];
    if (!checkFinite) return all;
    return [...all, this.finite(this.#pipelines.finite!, block, regions, false)];
  }

  /** Looks at every number of a block; `locate`: for the first that is not finite rather than for its path. */
  finite(pipeline: Pipeline, block: Block, regions: BlockRegions, locate: boolean): Command {
    const numbers = block.paths * block.points * this.#call.channels;
    const params = this.#params(block, regions, this.#rowsOf(block, regions.out), {});
    if (locate) params.options |= option.LOCATE;
    const workgroups = Math.ceil(numbers / (finiteInvocations * finiteEach));
    return this.#dispatch(pipeline, regions, params, workgroups, 4 * numbers);
  }

  /** Words of one letter. */
  #ends(block: Block, regions: BlockRegions, rows: Signatures, scalar: boolean, pieces = 1): Command {
    const { channels, depth } = this.#call;
    const count = block.paths * block.rows * channels * depth;
    const { initials } = regions;
    const params = this.#params(block, { ...regions, out: rows.region }, rows, { initials, scalar, pieces });
    const workgroups = Math.ceil(count / endsInvocations);
    return this.#dispatch(this.#pipelines.ends!, { ...regions, out: rows.region }, params, workgroups, 20 * count);
  }

  /** A kernel that walks. */
  #walk(pipeline: Pipeline, block: Block, regions: BlockRegions, out: Signatures, options: WalkOptions): Command {
    const pieces = options.pieces ?? (options.pieceSteps === undefined ? this.#way.pieces : 1);
    const layout =
      pipeline === this.#pipelines.stream ? this.#way.layout! : (this.#way.wholeLayout ?? this.#way.layout!);
    const tracks = block.paths * pieces;
    const steps = block.points + (block.basepoint ? 1 : 0);
    const params = this.#params(block, { ...regions, out: out.region }, out, { ...options, pieces });
    const workgroups = layout.workgroups > 1 ? tracks * layout.workgroups : Math.ceil(tracks / layout.tracks);
    const operations = block.paths * steps * operationsOfStep(layout);
    const initials = options.initials ?? options.continues;
    return this.#dispatch(
      pipeline,
      { ...regions, initials, out: out.region },
      params,
      workgroups,
      operations,
      options.listed,
    );
  }

  #params(block: Block, regions: BlockRegions, out: Signatures, options: WalkOptions): Params {
    const { inverse, checkFinite, stream } = this.#call;
    const { continues, scalar = false, pieces = 1, pieceSteps = 0, bits = 0 } = options;
    const initials: WalkOptions["initials"] = options.initials ?? continues;
    const shift = (region: Region | undefined) => (region === undefined ? 0 : bind(this.#device, region).shift);
    return {
      options:
        (block.ragged ? option.LENGTHS : 0) |
        (block.basepoint ? option.BASEPOINT : 0) |
        (inverse ? option.INVERSE : 0) |
        bits |
        (options.initials ? option.INITIAL : 0) |
        (continues ? option.CONTINUES : 0) |
        (scalar && this.#scalar > 0 ? option.SCALAR_TERM : 0) |
        (checkFinite ? option.CHECK_FINITE : 0) |
        (stream ? option.STREAM : 0),
      tracks: block.paths * pieces,
      pieces,
      piece_steps: pieceSteps,
      points: block.points,
      rows: block.rows,
      points_offset: shift(regions.points),
      lengths_offset: shift(regions.lengths),
      basepoint_offset: shift(regions.basepoints?.region),
      basepoint_stride: regions.basepoints?.stride ?? 0,
      initial_offset: shift(initials?.region),
      initial_path: initials?.stride ?? 0,
      initial_piece: initials?.pieceStride ?? 0,
      out_offset: shift(out.region),
      out_path: out.path,
      out_piece: out.step,
      first_workgroup: 0,
      first_path: block.first,
    };
  }

  #dispatch(
    pipeline: Pipeline,
    regions: BlockRegions,
    params: Params,
    workgroups: number,
    operations: number,
    list?: GPUBuffer,
  ): Command {
    const { points, lengths, basepoints, initials, out, found } = regions;
    const nothing: Bound = { resource: { buffer: this.#device.nothing }, shift: 0 };
    const bound = (region: Region | undefined) => (region ? bind(this.#device, region) : nothing);
    const all: Record<(typeof pathBindings)[number], Bound> = {
      points: bound(points),
      lengths: bound(lengths),
      basepoints: bound(basepoints?.region),
      initials: bound(initials?.region),
      out: bound(out),
      found: bound(found),
      listed: list ? { resource: { buffer: list }, shift: 0 } : nothing,
    };
    const inOrder = pathBindings.map((name) => all[name]);
    return dispatchOf(this.#device, pipeline, inOrder, paramNames, params, workgroups, operations);
  }
}

/** Programs of the shapes used so far: small beside the pipelines that run them. */
const programs = new Map<string, { values: number; operations: number; words: Uint32Array<ArrayBuffer> }>();

function programOf(channels: number, depth: number) {
  const key = `${channels} ${depth}`;
  const known = programs.get(key);
  if (known) return known;
  const program = recoveryOf(channels, depth);
  const made = { values: program.values, operations: programOperations(program), words: encodeProgram(program) };
  programs.set(key, made);
  return made;
}

/** What differs between uses of the kernels that walk. */
interface WalkOptions {
  /** What tracks begin from. */
  readonly initials?: (Rows & { readonly pieceStride?: number }) | undefined;
  /** What the product of a path's pieces is multiplied to. */
  readonly continues?: Rows | undefined;
  /** Whether rows begin with their scalar term, where that is asked for. */
  readonly scalar?: boolean;
  readonly pieces?: number;
  /** Steps of a piece, where all paths are cut alike. */
  readonly pieceSteps?: number;
  /** Other option bits. */
  readonly bits?: number;
  /** The shares that are followed, where not all are. */
  readonly listed?: GPUBuffer;
}

const signaturesOf = ({ region, stride }: Rows): Signatures => ({ region, path: stride, step: 0 });
