// Explains how an engine would run a call, and why: the plan for the CPU's threads, to which a GPU
// adds its part.

import { type Explanation, explanationInWords, type Verdict } from "../dispatch/index.ts";
import { divide } from "../pool/division.ts";
import type { Mode } from "../pool/executor.ts";
import type { EngineCall } from "./call.ts";

/** How the CPU's threads would run a call. */
export interface CpuPlan {
  readonly device: "cpu";
  /** How tasks reach threads: through shared memory, by transfer, or not at all. */
  readonly mode: Mode;
  /** Number of threads that would work on it. */
  readonly threads: number;
  /** Approximate number of tasks. */
  readonly tasks: number;
  /**
   * Bytes of input and of output that a task stages at most, unless one path per lane needs more.
   */
  readonly taskBytes: { readonly input: number; readonly output: number };
  /** Approximate milliseconds on one thread, for comparing calls; not a guarantee. */
  readonly milliseconds: number;
  /** One sentence per decision. */
  readonly reasons: readonly string[];
}

/** Why a call would run on its device. */
export interface Reasoning {
  /**
   * The kernel. CPU: "horner" or "pruned". GPU: "ends", "path", "prefix", "time", "pruned" or
   * "stream". Gradients: "bracket" or "horner" on the CPU, and "pair", "straight" or "adjoint" on
   * the GPU. Signature kernels: "degree 1", "degree 2" or "degree 3" on the CPU, and on the GPU
   * what has a pair of paths, "invocation" or "workgroup".
   */
  readonly kernel: string;
  /** The verdict of each rule, in their order; one of them decided. */
  readonly verdicts: readonly Verdict[];
  /** The whole explanation as text, with a line per rule. */
  readonly text: string;
}

/** How a GPU would run a call. */
export interface GpuPlan extends Reasoning {
  readonly device: "webgpu";
  /** Number of parts that the call is cut into. */
  readonly blocks: number;
  /** Approximate milliseconds from call to result. */
  readonly milliseconds: number;
  /** One sentence per decision. */
  readonly reasons: readonly string[];
}

/** How an engine would run a call. `refused`: why it would not, if `fallback` is "error". */
export type CallPlan = ((CpuPlan & Reasoning) | GpuPlan) & { readonly refused?: string };

/** The explanation of a decision, with the CPU's plan if the call runs there. */
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
      : `about ${tasks} tasks, which stage up to ${kibibytes(budget.input)} of input \
and ${kibibytes(budget.output)} of output each`,
    ...(used < threads && mode !== "calling thread"
      ? [`${used} of ${threads} threads: there is not more to share`]
      : []),
    ...call.operation.explain(call.call, budget),
  ];
  return { device: "cpu", mode, threads: used, tasks, taskBytes: budget, milliseconds, reasons };
}
