// Tasks for paths that are cut in time into consecutive segments. A task computes one segment of
// some paths, with the state that the segment before handed on.

import { allocateNumbers, type Numbers } from "../input/arrays.ts";
import { lengthOf } from "../input/call.ts";
import type { ReadRows } from "../input/rows.ts";
import { CONTINUED, CONTINUES, region } from "../wasm/abi.ts";
import { isWanted, type Part, pathNames, stageSteps } from "./block.ts";
import { heapOf, Layout, type Memory, writeHead, writeRegion } from "./head.ts";
import type { Input, Output, Segments, Sink } from "./operation.ts";
import { stagePoints, stageRows } from "./rows.ts";
import type { Task } from "./task.ts";
import type { Work } from "./work.ts";

/** Inputs and outputs that a segment has regions for. */
type Key = Input | Output | "lengths" | "needed" | "state" | "paths";

/** Some paths of a work, and the number of their segments that are complete. */
export class Chain {
  readonly work: Work;
  readonly part: Part;
  readonly segments: Segments;
  /** Rows that were computed before, for these paths only. */
  readonly #needed: ReadRows | undefined;
  readonly #layout = new Layout();
  readonly #offsets = new Map<Key, number>();
  readonly #output: number;
  /** The state at the start of the next segment. */
  #state: Numbers | undefined;
  #turn = 0;
  /** Everything that the kernel has answered. */
  #found = 0;
  /** Rows of paths, which are taken when the chain is done: some may be computed again. */
  readonly #items: { readonly sink: Sink; readonly width: number; readonly rows: Numbers }[] = [];

  constructor(work: Work, part: Part, segments: Segments, needed: ReadRows | undefined) {
    const { call } = part.cut;
    const { count } = part;
    const { channels, bytes, rows, stream } = call;
    const { kernel } = work.operation;
    this.work = work;
    this.part = part;
    this.segments = segments;
    this.#needed = needed;
    const steps = stream ? Math.min(rows, segments.steps) : 1;
    const add = (key: Key, numbers: number, each = bytes) => this.#offsets.set(key, this.#layout.add(numbers * each));
    add("lengths", count, 4);
    for (const input of kernel.inputs) {
      const isStart = input.region === region.INITIAL && segments.start !== "given" && segments.count > 1;
      if (isStart || input.of(call) !== undefined)
        add(input, count * (input.per === "step" ? steps : 1) * input.width(call));
    }
    if (needed) add("needed", count * steps * needed.width);
    const points = Math.min(call.points + (segments.basepointIsPoint ? call.ahead : 0), segments.steps + 1);
    add("paths", count * points * channels);
    // A state that is both staged and read back is at the boundary of inputs and outputs.
    this.#output = this.#layout.end;
    if (segments.count > 1) {
      add("state", count * segments.stateNumbers);
      this.#state = allocateNumbers(call.dtype, count * segments.stateNumbers, "paths");
    }
    for (const output of kernel.outputs) {
      const each = output.per === "step" ? steps : output.per === "point" ? points : 1;
      if (isWanted(output, call)) add(output, count * each * output.width(call));
    }
  }

  get bytes(): number {
    return this.#layout.end;
  }

  get isDone(): boolean {
    return this.#turn === this.segments.count;
  }

  /** Index of the next segment, in the direction of travel. */
  get #segment(): number {
    return this.segments.backward ? this.segments.count - 1 - this.#turn : this.#turn;
  }

  get #isLast(): boolean {
    return this.#turn === this.segments.count - 1;
  }

  /** Number of steps of the longest path in the segment. */
  get #steps(): number {
    const { call } = this.part.cut;
    const all = call.points - 1 + (this.segments.basepointIsPoint ? call.ahead : 0);
    return Math.min(this.segments.steps, all - this.#segment * this.segments.steps);
  }

  /**
   * The points of a path in the segment, in memory order, including a basepoint that is staged as a
   * point. A path that has ended has its last point; its last two, if segments start from the first
   * point.
   */
  #pointsOf(path: number): { readonly from: number; readonly count: number } {
    const { call } = this.part.cut;
    const { steps, basepointIsPoint, fromFirstPoint } = this.segments;
    const all = lengthOf(call, path) - 1 + (basepointIsPoint ? call.ahead : 0);
    const begin = Math.min(this.#segment * steps, fromFirstPoint ? Math.max(0, all - 1) : all);
    const end = Math.min(begin + steps, all);
    return { from: call.inverse ? all - end : begin, count: end - begin + 1 };
  }

  /** Number of points that precede a path's first in the numbering of {@link #pointsOf}. */
  get #ahead(): number {
    return this.segments.basepointIsPoint ? this.part.cut.call.ahead : 0;
  }

  /** Whether this segment contains the step from the basepoint. */
  get #hasBasepoint(): boolean {
    const { count, basepointIsPoint } = this.segments;
    const { call } = this.part.cut;
    if (basepointIsPoint || call.basepoint === undefined) return false;
    return this.#segment === (call.inverse ? count - 1 : 0);
  }

  #offset(key: Key): number {
    return this.#offsets.get(key) ?? 0;
  }

  writeHead(u32: Uint32Array, at: number): void {
    const { part, segments } = this;
    const { call } = part.cut;
    const { channels, dtype, depth } = call;
    const { kernel } = this.work.operation;
    const points = this.#steps + 1;
    const isCut = segments.count > 1;
    const ends = isCut && segments.tellsEnds ? (this.#turn > 0 ? CONTINUED : 0) | (this.#isLast ? 0 : CONTINUES) : 0;
    writeHead(u32, at, {
      operation: kernel.code,
      dtype,
      channels,
      depth,
      options: kernel.options(call) | ends,
      batch: part.count,
      points,
      lengths: this.#offset("lengths"),
      row: this.#needed?.width ?? 0,
      staged: isCut ? this.#output + this.#stateBytes : this.#output,
      output: this.#output,
      end: this.#layout.end,
    });
    writeRegion(u32, at, region.PATHS, this.#offset("paths"), points * channels);
    for (const input of kernel.inputs)
      if (this.#isRead(input)) writeRegion(u32, at, input.region, this.#offset(input), input.width(call));
    if (this.#needed && segments.needs)
      writeRegion(u32, at, segments.needs.region, this.#offset("needed"), this.#needed.width);
    if (isCut) writeRegion(u32, at, segments.state.to, this.#offset("state"), segments.stateNumbers);
    for (const output of kernel.outputs)
      if (this.#isTaken(output)) writeRegion(u32, at, output.region, this.#offset(output), output.width(call));
  }

  /** Stages the next segment at byte `at`. */
  stage(memory: Memory, at: number): void {
    const { cut, first, count } = this.part;
    const { call } = cut;
    const { channels, bytes } = call;
    const { segments } = this;
    const { u32 } = memory;
    const heap = heapOf(memory, call.dtype);
    this.writeHead(u32, at);
    const points = this.#steps + 1;
    const input = (at + this.#offset("paths")) / bytes;
    for (let i = 0; i < count; i++) {
      const path = cut.pathOf(first + i);
      const { from, count: own } = this.#pointsOf(path);
      const to = input + i * points * channels;
      stagePoints(call, path, from - this.#ahead, own, heap, to);
      if (segments.fromFirstPoint) this.#stageFirstPoint(i, heap, to + (call.inverse ? own - 1 : 0));
      u32[(at + this.#offset("lengths")) / 4 + i] = own;
    }
    for (const one of this.work.operation.kernel.inputs) if (this.#isRead(one)) this.#stageInput(one, at, heap);
    if (this.#needed) {
      const { view, width } = this.#needed;
      const [from, rows] = this.#rowsOfSegment;
      const to = (at + this.#offset("needed")) / bytes;
      for (let i = 0; i < count; i++) {
        const row = (i * call.rows + from) * width;
        heap.set((view as Numbers).subarray(row, row + rows * width), to + i * rows * width);
      }
    }
    if (this.#state && segments.state.from === segments.state.to)
      heap.set(this.#state, (at + this.#offset("state")) / bytes);
  }

  /**
   * Replaces the end of the segment before, of one channel, by the first point of path `i`. A
   * number that was not finite before remains so.
   */
  #stageFirstPoint(i: number, heap: Numbers, at: number): void {
    const { cut, first } = this.part;
    const { call } = cut;
    const path = cut.pathOf(first + i);
    const end = heap[at] as number;
    stagePoints(call, path, call.inverse ? lengthOf(call, path) - 1 : -this.#ahead, 1, heap, at);
    const moved = this.#segment > 0 ? ((this.#state as Numbers)[i * call.size] as number) : 0;
    if (Number.isNaN(end - end) || Number.isNaN(moved)) heap[at] = Number.NaN;
  }

  get #stateBytes(): number {
    return (this.#state as Numbers).byteLength;
  }

  /**
   * Rows of the result in the segment: the first, and their number. Whole paths have one row, the
   * same in all segments.
   */
  get #rowsOfSegment(): readonly [from: number, rows: number] {
    const { call } = this.part.cut;
    if (!call.stream) return [0, 1];
    const from = this.#segment * this.segments.steps;
    return [from, Math.min(this.segments.steps, call.rows - from)];
  }

  /** Whether paths continue rows of the library, not the caller's input. */
  #isStart(input: Input): boolean {
    return input.region === region.INITIAL && this.segments.start !== "given" && this.#segment > 0;
  }

  /** Whether an input is used in this segment. */
  #isRead(input: Input): boolean {
    if (this.#isStart(input)) return true;
    if (input.of(this.part.cut.call) === undefined) return false;
    return input.region !== region.BASEPOINT || this.#hasBasepoint;
  }

  #stageInput(input: Input, at: number, heap: Numbers): void {
    const { part } = this;
    const { cut, first, count } = part;
    const { call } = cut;
    const width = input.width(call);
    const to = (at + this.#offset(input)) / call.bytes;
    if (this.#isStart(input)) {
      this.#stageStart(heap, to, width);
      return;
    }
    const given = input.of(call) as ReadRows | true;
    if (input.per === "step") stageSteps(given as ReadRows, part, ...this.#rowsOfSegment, heap, to);
    else stageRows(given, width, cut, first, count, heap, to, true);
  }

  /** What each path continues at the start of a segment other than its first. */
  #stageStart(heap: Numbers, to: number, width: number): void {
    if (this.segments.start === "state") {
      heap.set(this.#state as Numbers, to);
      return;
    }
    const { call } = this.part.cut;
    const { view, width: row } = this.#needed as ReadRows;
    const [from] = this.#rowsOfSegment;
    for (let i = 0; i < this.part.count; i++) {
      const end = (i * call.rows + from) * row;
      heap.set((view as Numbers).subarray(end - width, end), to + i * width);
    }
  }

  /**
   * Whether an output is written in this segment. Gradients of input that precedes a path belong to
   * the segment that reads it.
   */
  #isTaken(output: Output): boolean {
    if (!isWanted(output, this.part.cut.call)) return false;
    if (output.of?.region === region.BASEPOINT) return this.#hasBasepoint;
    return output.of?.region !== region.INITIAL || this.#segment === 0;
  }

  /** Reads back the segment at byte `at` and advances to the next one. */
  take(memory: Memory, at: number, done: number): void {
    const { cut, first, count } = this.part;
    const { call } = cut;
    const { bytes, dtype } = call;
    const { sinks, operation } = this.work;
    const heap = heapOf(memory, dtype);
    this.#found |= done;
    if (this.#state) {
      const from = (at + this.#offset("state")) / bytes;
      this.#state.set(heap.subarray(from, from + this.#state.length));
    }
    const [row, rows] = this.#rowsOfSegment;
    for (const [i, output] of operation.kernel.outputs.entries()) {
      const sink = sinks[i];
      if (sink === undefined || !this.#isTaken(output)) continue;
      const from = (at + this.#offset(output)) / bytes;
      const width = output.width(call);
      if (output.per === "point") this.#takePoints(heap, from, width);
      else if (output.per === "item") this.#items.push({ sink, width, rows: heap.slice(from, from + count * width) });
      else
        for (let k = 0; k < count; k++)
          sink.take(heap, from + k * rows * width, cut.pathOf(first + k) * call.rows + row, rows);
    }
    this.#turn += 1;
    if (!this.isDone) return;
    if (this.#needed) this.work.job.hold(-this.#needed.view.byteLength);
    const again = this.work.again(this.part, this.#found);
    for (const { sink, width, rows } of this.#items) {
      for (let k = 0; k < count; k++) {
        const path = cut.pathOf(first + k);
        if (!again?.has(path)) sink.take(rows, k * width, path, 1);
      }
    }
    this.work.finished(count - (again?.size ?? 0));
  }

  /**
   * Gradients of the segment's points. The point that two segments share belongs to the later one.
   */
  #takePoints(heap: Numbers, at: number, width: number): void {
    const { cut, first, count } = this.part;
    const { call } = cut;
    const { outputs } = this.work.operation.kernel;
    const points = outputs.findIndex(({ per }) => per === "point");
    const basepoints = outputs.findIndex(({ of }) => of?.region === region.BASEPOINT);
    const pitch = (this.#steps + 1) * width;
    const ahead = this.#ahead;
    for (let i = 0; i < count; i++) {
      const path = cut.pathOf(first + i);
      let { from, count: own } = this.#pointsOf(path);
      let begin = at + i * pitch;
      if (!this.#isLast) {
        own -= 1;
        // Omits the shared point: the last one in memory when moving forward, the first when
        // backward.
        if (this.segments.backward !== call.inverse) {
          from += 1;
          begin += width;
        }
      }
      if (own === 0) continue;
      if (ahead === 1 && from === 0) {
        if (isWanted(outputs[basepoints] as Output, call)) this.work.sinks[basepoints]?.take(heap, begin, path, 1);
        begin += width;
        own -= 1;
      } else from -= ahead;
      this.work.sinks[points]?.take(heap, begin, path * call.points + from, own);
    }
  }
}

/** The next segment of a chain. */
export class SegmentTask implements Task {
  readonly isLight = false;
  readonly #chain: Chain;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  get jobs(): Task["jobs"] {
    return [this.#chain.work.job];
  }

  get bytes(): number {
    return this.#chain.bytes;
  }

  get name(): string {
    const { work, part } = this.#chain;
    const { cut, first, count } = part;
    return `${work.label}a segment of ${pathNames(cut.pathOf(first), cut.pathOf(first + count - 1))}`;
  }

  writeHead(u32: Uint32Array, at: number): void {
    this.#chain.writeHead(u32, at);
  }

  stage(memory: Memory, at: number): void {
    this.#chain.stage(memory, at);
  }

  take(memory: Memory, at: number, done: number): void {
    const { work } = this.#chain;
    if (work.job.cancelled) return;
    this.#chain.take(memory, at, done);
    if (!this.#chain.isDone) work.job.ready(this);
  }

  separate(): readonly Task[] {
    return [this];
  }
}
