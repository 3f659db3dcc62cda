// What a block's cotangents become before anything moves in time: contracted with signatures, put
// on brackets, and transported to where each piece of a path begins (docs/gradients.md). The
// arithmetic is kernels/contract, bracket and transport.

import type { Call } from "../../input/call.ts";
import type { Block } from "../blocks.ts";
import type { Device } from "../device.ts";
import { dispatchOf } from "../dispatches.ts";
import { bracketInvocations, bracketParamNames } from "../kernels/bracket.wgsl.ts";
import { contractedNumbers, contractInvocations, contractParamNames, type Side } from "../kernels/contract.wgsl.ts";
import { option } from "../kernels/params.wgsl.ts";
import { transportInvocations, transportParamNames } from "../kernels/transport.wgsl.ts";
import { bracketPasses, functionalNumbers, transportOperations } from "../operations/signature-vjp.ts";
import type { Pipeline } from "../pipelines.ts";
import type { Signatures } from "../products.ts";
import type { Region } from "../regions.ts";
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

  /** `found`: where a path is written whose cotangent is not finite. `count`: of `to`'s row. */
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
    return dispatchOf(
      this.#device,
      this.#pipelines[side]!,
      contractParamNames,
      [
        ["cotangent_offset", cotangents.region],
        ["factor_offset", factors.region],
        ["out_offset", to.region],
        [undefined, found],
      ],
      {
        options: side === "right" && checkFinite ? option.CHECK_FINITE : 0,
        paths: block.paths,
        count,
        cotangent_path: cotangents.stride,
        factor_path: factors.stride,
        out_path: to.stride,
        first_path: block.first,
      },
      Math.ceil((block.paths * count) / contractInvocations),
      block.paths * 8 * depth * (size + channels),
    );
  }

  /** All brackets but the innermost; gives where they stand in the end. */
  brackets(paths: number, from: Region, allocateOther: () => Region): { commands: Command[]; at: Region } {
    const { channels, depth } = this.#call;
    const passes = bracketPasses(channels, depth);
    const commands: Command[] = [];
    if (passes === 0) return { commands, at: from };
    let [at, other] = [from, allocateOther()];
    for (let letters = 0; letters < passes; letters++) {
      commands.push(this.#bracket(paths, letters, at, other));
      [at, other] = [other, at];
    }
    return { commands, at };
  }

  #bracket(paths: number, letters: number, from: Region, to: Region): Command {
    const row = this.width;
    return dispatchOf(
      this.#device,
      this.#pipelines.brackets!,
      bracketParamNames,
      [
        ["from_offset", from],
        ["to_offset", to],
      ],
      { paths, letters, row },
      Math.ceil((paths * row) / bracketInvocations),
      16 * paths * row,
    );
  }

  /** A functional for each piece; `signatures`: from the path's beginning to each piece's end. */
  transport(paths: number, pieces: number, from: Region, signatures: Signatures, to: Region): Command {
    const { channels, depth } = this.#call;
    return dispatchOf(
      this.#device,
      this.#pipelines.transport!,
      transportParamNames,
      [
        ["from_offset", from],
        ["signature_offset", signatures.region],
        ["to_offset", to],
      ],
      { paths, pieces, row: this.width, signature_path: signatures.path, signature_piece: signatures.step },
      Math.ceil((paths * pieces * this.width) / transportInvocations),
      paths * pieces * transportOperations(channels, depth),
    );
  }
}
