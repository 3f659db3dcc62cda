// What an engine would do with a call, and why. The plan of the processor's threads; a device that joins adds its own part.

import { type Explanation, explanationInWords, type Verdict } from "../dispatch/index.ts";
import { divide } from "../pool/division.ts";
import type { Mode } from "../pool/executor.ts";
import type { EngineCall } from "./call.ts";

/** How the processor's threads would do a call. */
export interface CpuPlan {
  readonly device: "cpu";
  /** How tasks reach threads: through shared memory, by transfer, or not at all. */
  readonly mode: Mode;
  /** Threads that would work on it. */
  readonly threads: number;
  /** Tasks that it would be divided into, about. */
  readonly tasks: number;
  /** Bytes of input and of output that a task stages at most, unless a vector's lanes of paths need more. */
  readonly taskBytes: { readonly input: number; readonly output: number };
  /** Milliseconds on one thread, about: for comparing calls, not a promise. */
  readonly milliseconds: number;
  /** One sentence for each choice. */
  readonly reasons: readonly string[];
}

/** Why a call would run where it would. */
export interface Reasoning {
  /** The kernel: "horner" or "pruned" on the CPU; "ends", "path", "prefix", "time", "pruned" or "stream" on a GPU. Of gradients "bracket" or "horner", and "pair", "straight" or "adjoint". */
  readonly kernel: string;
  /** What each rule said, in their order; one of them decided. */
  readonly verdicts: readonly Verdict[];
  /** All of it for people, a line for each rule. */
  readonly text: string;
}

/** How a GPU would do a call. */
export interface GpuPlan extends Reasoning {
  readonly device: "webgpu";
  /** Parts that the call is cut into. */
  readonly blocks: number;
  /** Milliseconds from call to result, about. */
  readonly milliseconds: number;
  /** One sentence for each choice. */
  readonly reasons: readonly string[];
}

/** What an engine would do with a call. `refused`: why it would not, where `fallback` is "error". */
export type CallPlan = ((CpuPlan & Reasoning) | GpuPlan) & { readonly refused?: string };

/** An explanation of dispatch, with what the CPU would do where it is the CPU. */
export function explainCall({ plan, verdicts }: Explanation, cpu: () => CpuPlan): CallPlan {
  const { device, kernel, blocks, estimate, refused } = plan;
  const reasoning = { kernel, verdicts, text: explanationInWords({ plan, verdicts }) };
  if (device === "cpu") return { ...cpu(), ...reasoning, ...(refused !== undefined && { refused }) };
  const reasons = verdicts.filter(({ decides }) => decides).map(({ why }) => why);
  return { device, blocks, milliseconds: 1e3 * estimate, reasons, ...reasoning };
}

const modes: Record<Mode, string> = {
  shared: "threads share memory here: input is written once, results are read once",
  transfer: "threads cannot share memory here, or shall not: tasks are transferred",
  "calling thread": "no worker could be started: the calling thread works in short turns",
};

const kibibytes = (bytes: number) => `${Math.ceil(bytes / 1024)} KiB`;

/** The plan for a call. */
export function explainCpu(call: EngineCall, threads: number, mode: Mode): CpuPlan {
  const cost = call.cost;
  const division = divide(cost, call.input, call.output, threads, mode);
  const { budget, tasks } = division;
  const milliseconds = cost / 1e6;
  const used = mode === "calling thread" ? 1 : division.threads;
  const reasons = [
    modes[mode],
    tasks === 1
      ? "it is so short that one thread is fastest; it may be joined with others of equal options"
      : `about ${tasks} tasks, which stage up to ${kibibytes(budget.input)} of input and ${kibibytes(budget.output)} of output each`,
    ...(used < threads && mode !== "calling thread"
      ? [`${used} of ${threads} threads: there is not more to share`]
      : []),
    ...call.operation.explain(call.call, budget),
  ];
  return { device: "cpu", mode, threads: used, tasks, taskBytes: budget, milliseconds, reasons };
}
