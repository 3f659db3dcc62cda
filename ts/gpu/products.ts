// Which products of signatures are computed, in which order: neighbours in a tree for the whole of
// a path, all prefixes of a row of pieces for its stream. The product itself is
// kernels/chen.wgsl.ts's.

import type { Device } from "./device.ts";
import { dispatchOf } from "./dispatches.ts";
import { chenInvocations, chenParamNames } from "./kernels/chen.wgsl.ts";
import type { Pipeline } from "./pipelines.ts";
import type { Region } from "./regions.ts";
import type { Command } from "./submit.ts";

/** Signatures in memory: a group for each path, one behind the other within it. */
export interface Signatures {
  readonly region: Region;
  /** Numbers from one path's first to the next one's. */
  readonly path: number;
  /** Numbers from one to the next of a path. */
  readonly step: number;
}

/** Where products are computed. */
export class Products {
  readonly #device: Device;
  readonly #pipeline: Pipeline;
  readonly #size: number;
  readonly #depth: number;

  constructor(device: Device, pipeline: Pipeline, size: number, depth: number) {
    this.#device = device;
    this.#pipeline = pipeline;
    this.#size = size;
    this.#depth = depth;
  }

  /**
   * out[j] = left[j] ⊗ right[j] for the products of each path; the first `copies` have no left
   * factor, and left[0] is that of the first product that has one.
   */
  multiply(
    paths: number,
    products: number,
    left: Signatures,
    right: Signatures,
    out: Signatures,
    { copies = 0, scalarTerm = false } = {},
  ): Command {
    return dispatchOf(
      this.#device,
      this.#pipeline,
      chenParamNames,
      [
        ["left_offset", left.region],
        ["right_offset", right.region],
        ["out_offset", out.region],
      ],
      {
        products,
        paths,
        left_path: left.path,
        left_step: left.step,
        right_path: right.path,
        right_step: right.step,
        out_path: out.path,
        out_step: out.step,
        copies,
        scalar_term: scalarTerm ? 1 : 0,
      },
      Math.ceil((paths * products * this.#size) / chenInvocations),
      // A term is a division and two loads beside its multiply-add.
      paths * products * this.#size * this.#depth * 8,
    );
  }

  /**
   * The product of each path's signatures, in their order, by a tree of neighbours. `count` is a
   * power of two; `other` has half as many. `finish` computes the last product.
   */
  tree(
    paths: number,
    count: number,
    from: Signatures,
    other: Signatures,
    finish: (last: [Signatures, Signatures]) => Command,
  ): Command[] {
    const commands: Command[] = [];
    let [current, next] = [from, other];
    for (let n = count; n > 2; n /= 2) {
      const [left, right] = pairs(current);
      commands.push(this.multiply(paths, n / 2, left, right, next));
      [current, next] = [next, current];
    }
    commands.push(finish(pairs(current)));
    return commands;
  }

  /** All prefixes: signature i of a path becomes the product of its first i + 1; gives where. */
  prefixes(paths: number, count: number, from: Signatures, other: Signatures): { commands: Command[]; at: Signatures } {
    const commands: Command[] = [];
    let [current, next] = [from, other];
    for (let distance = 1; distance < count; distance *= 2) {
      commands.push(this.multiply(paths, count, current, current, next, { copies: distance }));
      [current, next] = [next, current];
    }
    return { commands, at: current };
  }
}

/** Each path's first, third, … and second, fourth, … signatures. */
function pairs(all: Signatures): [Signatures, Signatures] {
  const { region, path, step } = all;
  const second = { buffer: region.buffer, at: region.at + 4 * step, bytes: region.bytes - 4 * step };
  return [
    { region, path, step: 2 * step },
    { region: second, path, step: 2 * step },
  ];
}
