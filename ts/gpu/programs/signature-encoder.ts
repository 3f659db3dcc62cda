// From a block to the commands that compute its signatures: which kernels run on which regions, in
// which order. Nothing is submitted here.

import type { Call } from "../../input/call.ts";
import type { Block } from "../blocks.ts";
import type { Device } from "../device.ts";
import { type KernelPlan, piecesLeft } from "../kernel-plan.ts";
import {
  chenKernel,
  endsKernel,
  finiteKernel,
  prunedKernel,
  recoveryKernel,
  streamKernel,
  wholeKernel,
} from "../kernels/index.ts";
import { option } from "../kernels/params.wgsl.ts";
import type { Holdings } from "../memory.ts";
import type { PipelinesOf } from "../operation.ts";
import { type BlockRegions, PathKernels, type WalkOptions } from "../path-kernels.ts";
import type { Kernel } from "../pipelines.ts";
import { Products, type Signatures } from "../products.ts";
import { encodeProgram, programOperations, recoveryOf } from "../recovery.ts";
import { allocate } from "../regions.ts";
import type { Rows } from "../staging.ts";
import type { Command } from "../submit.ts";

/** The kernels of signatures, by what they are for. */
export type SignatureKernels = {
  readonly whole?: Kernel;
  readonly stream?: Kernel;
  readonly chen?: Kernel;
  /** What was not followed. */
  readonly recovery?: Kernel;
  /** Words of one letter: all that there is, or written over rounded ones. */
  readonly ends?: Kernel;
  readonly finite?: Kernel;
};

/** The kernels of a plan. `writesState`: of streams that are cut in time. */
export function signatureKernels(
  channels: number,
  depth: number,
  stream: boolean,
  plan: KernelPlan,
  writesState = false,
): SignatureKernels {
  const { layout, pieces } = plan;
  const ends = endsKernel(channels, depth, writesState);
  if (!layout) return { ends, finite: finiteKernel(channels) };
  const chen = chenKernel(channels, depth);
  if (plan.followed) return { whole: prunedKernel(layout), recovery: recoveryKernel(channels, depth), chen, ends };
  if (!stream) return { whole: wholeKernel(layout), ...(piecesLeft(plan) > 1 && { chen, ends }) };
  // The pieces' own signatures come first.
  const own = pieces > 1 ? { whole: wholeKernel(plan.wholeLayout!), chen } : {};
  return { stream: streamKernel(layout, writesState), ...own };
}

/** Writes the commands of a call's blocks. */
export class SignatureEncoder {
  readonly #device: Device;
  readonly #call: Call;
  readonly #plan: KernelPlan;
  readonly #pipelines: PipelinesOf<SignatureKernels>;
  readonly #kernels: PathKernels;
  readonly #products: Products | undefined;

  constructor(device: Device, call: Call, plan: KernelPlan, pipelines: PipelinesOf<SignatureKernels>) {
    this.#device = device;
    this.#call = call;
    this.#plan = plan;
    this.#pipelines = pipelines;
    this.#kernels = new PathKernels(device, call);
    if (pipelines.chen) this.#products = new Products(device, pipelines.chen, call.size, call.depth);
  }

  commands(block: Block, regions: BlockRegions, holdings: Holdings): Command[] {
    if (this.#plan.kernel === "ends") return this.#endsOnly(block, regions);
    if (this.#call.stream) return this.#stream(block, regions, holdings);
    return this.#whole(block, regions, holdings);
  }

  /** Room for `each` signatures of each path, of `numbers` numbers. */
  #signatures(paths: number, each: number, holdings: Holdings, numbers = this.#call.size): Signatures {
    return { region: allocate(paths * each * numbers, holdings), path: each * numbers, step: numbers };
  }

  /** Whole signatures of paths or of their pieces. */
  #walk(block: Block, regions: BlockRegions, out: Signatures, options: WalkOptions): Command {
    const { wholeLayout, layout, pieces } = this.#plan;
    const own = { pieces, ...options };
    return this.#kernels.walk(this.#pipelines.whole!, wholeLayout ?? layout!, block, regions, out, own);
  }

  #whole(block: Block, regions: BlockRegions, holdings: Holdings): Command[] {
    const { paths } = block;
    const { initials } = regions;
    const rows = this.#kernels.rowsOf(block, regions.out);
    const { pieces, layout } = this.#plan;
    const left = piecesLeft(this.#plan);
    if (pieces === 1) return [this.#walk(block, regions, rows, { initials, scalar: true })];
    const tree = layout!.gathers ? option.TREE : 0;
    if (left === 1) {
      const bits = tree | option.ENDS;
      return [this.#walk(block, regions, rows, { continues: initials, scalar: true, bits })];
    }
    const pruned = this.#plan.followed && this.#pruned(block, regions, holdings);
    const from = pruned?.at ?? this.#signatures(paths, left, holdings);
    const other = this.#signatures(paths, left / 2, holdings);
    const products = this.#products!;
    const scalarTerm = this.#kernels.scalarOf(block) > 0;
    const all = pruned?.commands ?? [this.#walk(block, regions, from, { bits: tree })];
    if (initials) {
      const last = this.#signatures(paths, 1, holdings);
      all.push(...products.tree(paths, left, from, other, ([a, b]) => products.multiply(paths, 1, a, b, last)));
      all.push(products.multiply(paths, 1, signaturesOf(initials), last, rows, { scalarTerm }));
    } else {
      const finish = ([a, b]: [Signatures, Signatures]) => products.multiply(paths, 1, a, b, rows, { scalarTerm });
      all.push(...products.tree(paths, left, from, other, finish));
    }
    all.push(this.#kernels.ends(this.#pipelines.ends!, block, regions, rows, {}));
    return all;
  }

  /** Signatures from each path's beginning to the end of each piece; gives where they stand. */
  prefixes(block: Block, regions: BlockRegions, holdings: Holdings): { commands: Command[]; at: Signatures } {
    const { pieces } = this.#plan;
    const { paths } = block;
    const own = { ...regions, initials: undefined };
    const [from, other] = [this.#signatures(paths, pieces, holdings), this.#signatures(paths, pieces, holdings)];
    const { commands, at } = this.#products!.prefixes(paths, pieces, from, other);
    const ends = this.#kernels.ends(this.#pipelines.ends!, { ...block, rows: pieces }, own, at, { pieces });
    return { commands: [this.#walk(block, own, from, {}), ...commands, ends], at };
  }

  /** The pieces' signatures by the pruned walk; gives where they stand. */
  #pruned(block: Block, regions: BlockRegions, holdings: Holdings): { commands: Command[]; at: Signatures } {
    const { channels, depth } = this.#call;
    const { followed, pieces } = this.#plan;
    const device = this.#device;
    const { values, operations, words } = programOf(channels, depth);
    const name = `${channels} channels, depth ${depth}`;
    const program = device.constant(`program, ${name}`, () => words);
    const shares = device.constant(`shares, ${name}`, () => Uint32Array.from(followed!));
    const at = this.#signatures(block.paths, pieces, holdings, values);
    const walk = this.#walk(block, regions, at, { listed: shares });
    const tracks = block.paths * pieces;
    const recovery = this.#kernels.dispatch(
      this.#pipelines.recovery!,
      block,
      regions,
      at,
      { pieces, listed: program },
      tracks,
      tracks * operations,
    );
    return { commands: [walk, recovery], at };
  }

  #stream(block: Block, regions: BlockRegions, holdings: Holdings): Command[] {
    const { size } = this.#call;
    const { paths } = block;
    const rows = this.#kernels.rowsOf(block, regions.out);
    const pieceSteps = Math.ceil(block.rows / this.#plan.pieces);
    // Few rows may be fewer pieces.
    const pieces = Math.ceil(block.rows / pieceSteps);
    const written = { ...rows, step: pieceSteps * rows.step };
    const stream = (initials: WalkOptions["initials"]): Command =>
      this.#kernels.walk(this.#pipelines.stream!, this.#plan.layout!, block, regions, written, {
        initials,
        scalar: true,
        pieces,
        pieceSteps,
      });
    if (pieces === 1) return [stream(regions.initials)];
    // Slot 0 of each path is what it continues, slot i + 1 the signature of piece i.
    const slots = pieces + 1;
    const [from, other] = [this.#signatures(paths, slots, holdings), this.#signatures(paths, slots, holdings)];
    const products = this.#products!;
    const all: Command[] = [{ kind: "clear", buffer: from.region.buffer, bytes: from.region.bytes }];
    if (regions.initials) {
      const initials = signaturesOf(regions.initials);
      all.push(products.multiply(paths, 1, initials, initials, from, { copies: 1 }));
    }
    const own = { ...from, region: { ...from.region, at: 4 * size, bytes: from.region.bytes - 4 * size } };
    all.push(this.#walk(block, regions, own, { pieces, pieceSteps }));
    const { commands, at } = products.prefixes(paths, slots, from, other);
    all.push(...commands, stream({ region: at.region, stride: at.path, pieceStride: size }));
    return all;
  }

  /** One channel or depth 1: all words are of one letter. */
  #endsOnly(block: Block, regions: BlockRegions): Command[] {
    const { ends, finite } = this.#pipelines;
    const rows = this.#kernels.rowsOf(block, regions.out);
    const all = [this.#kernels.ends(ends!, block, regions, rows, { scalar: true })];
    if (this.#call.checkFinite) all.push(this.#kernels.finite(finite!, block, regions, false));
    return all;
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

const signaturesOf = ({ region, stride }: Rows): Signatures => ({ region, path: stride, step: 0 });
