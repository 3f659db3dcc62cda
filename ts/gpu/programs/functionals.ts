// What a block's cotangents become before anything moves in time: contracted with signatures, put on brackets, and transported to
// where each piece of a path begins (docs/gradients.md). The arithmetic is kernels/contract, bracket and transport.

import type { Call } from "../../input/call.ts";
import type { Block } from "../blocks.ts";
import type { Device } from "../device.ts";
import { dispatchOf } from "../dispatches.ts";
import { type BracketParams, bracketInvocations, bracketParamNames } from "../kernels/bracket.wgsl.ts";
import {
  type ContractParams,
  contractedNumbers,
  contractInvocations,
  contractParamNames,
  type Side,
} from "../kernels/contract.wgsl.ts";
import { option } from "../kernels/params.wgsl.ts";
import { type TransportParams, transportInvocations, transportParamNames } from "../kernels/transport.wgsl.ts";
import { bracketPasses, functionalNumbers, transportOperations } from "../operations/signature-vjp.ts";
import type { Pipeline } from "../pipelines.ts";
import type { Signatures } from "../products.ts";
import { type Bound, bind, type Region } from "../regions.ts";
import type { Rows } from "../staging.ts";
import type { Command } from "../submit.ts";

export type FunctionalPipelines = { readonly [Name in Side | "brackets" | "transport"]?: Pipeline | undefined };

/** The functionals of a call's blocks. */
export class Functionals {
  readonly #device: Device;
  readonly #call: Call;
  readonly #pipelines: FunctionalPipelines;
  /** Numbers of a path's functional. */
  readonly width: number;

  constructor(device: Device, call: Call, pipelines: FunctionalPipelines) {
    this.#device = device;
    this.#call = call;
    this.#pipelines = pipelines;
    this.width = functionalNumbers(call.channels, call.size);
  }

  /**
   * `found`: where a path is written whose cotangent is not finite. `count`: numbers of a path's row of the result, where that
   * is less than the kernel has.
   */
  contract(
    side: Side,
    block: Block,
    found: Region,
    cotangents: Rows,
    factors: Rows,
    to: Rows,
    count = contractedNumbers(side, this.#call.channels, this.#call.size),
  ): Command {
    const { channels, depth, size, checkFinite } = this.#call;
    const bound = [cotangents.region, factors.region, to.region, found].map((region) => bind(this.#device, region));
    const [a, b, out] = bound as [Bound, Bound, Bound, Bound];
    const params: ContractParams = {
      options: side === "right" && checkFinite ? option.CHECK_FINITE : 0,
      paths: block.paths,
      count,
      cotangent_offset: a.shift,
      cotangent_path: cotangents.stride,
      factor_offset: b.shift,
      factor_path: factors.stride,
      out_offset: out.shift,
      out_path: to.stride,
      first_workgroup: 0,
      first_path: block.first,
    };
    return dispatchOf(
      this.#device,
      this.#pipelines[side]!,
      bound,
      contractParamNames,
      params,
      Math.ceil((block.paths * count) / contractInvocations),
      block.paths * 8 * depth * (size + channels),
    );
  }

  /** All brackets but the innermost, one around the other. `room` allocates as many functionals. Gives where they stand in the end. */
  brackets(paths: number, from: Region, room: () => Region): { commands: Command[]; at: Region } {
    const { channels, depth } = this.#call;
    const passes = bracketPasses(channels, depth);
    const commands: Command[] = [];
    if (passes === 0) return { commands, at: from };
    let [at, other] = [from, room()];
    for (let letters = 0; letters < passes; letters++) {
      commands.push(this.#bracket(paths, letters, at, other));
      [at, other] = [other, at];
    }
    return { commands, at };
  }

  #bracket(paths: number, letters: number, from: Region, to: Region): Command {
    const [before, after] = [bind(this.#device, from), bind(this.#device, to)];
    const row = this.width;
    const params: BracketParams = {
      paths,
      letters,
      from_offset: before.shift,
      to_offset: after.shift,
      row,
      first_workgroup: 0,
    };
    return dispatchOf(
      this.#device,
      this.#pipelines.brackets!,
      [before, after],
      bracketParamNames,
      params,
      Math.ceil((paths * row) / bracketInvocations),
      16 * paths * row,
    );
  }

  /** A functional for each of `pieces`, from that of the path and its `signatures` from the beginning to the end of each piece. */
  transport(paths: number, pieces: number, from: Region, signatures: Signatures, to: Region): Command {
    const { channels, depth } = this.#call;
    const [before, factors, after] = [from, signatures.region, to].map((region) => bind(this.#device, region)) as [
      Bound,
      Bound,
      Bound,
    ];
    const params: TransportParams = {
      paths,
      pieces,
      from_offset: before.shift,
      to_offset: after.shift,
      row: this.width,
      signature_offset: factors.shift,
      signature_path: signatures.path,
      signature_piece: signatures.step,
      first_workgroup: 0,
    };
    return dispatchOf(
      this.#device,
      this.#pipelines.transport!,
      [before, factors, after],
      transportParamNames,
      params,
      Math.ceil((paths * pieces * this.width) / transportInvocations),
      paths * pieces * transportOperations(channels, depth),
    );
  }
}
