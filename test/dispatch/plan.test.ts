// Decisions without any device: each rule by itself, their precedence, and their explanations.

import { describe, expect, test } from "vitest";
import {
  type Capabilities,
  type Costs,
  type Demand,
  decide,
  explanationInWords,
  plan,
  readCosts,
  ruleNames,
  shippedCosts,
} from "../../ts/dispatch/index.ts";
import { type CallShape, type GpuOperation, gpuOperations } from "../../ts/gpu/index.ts";
import { LOG_FLOAT32, LOG_FLOAT64 } from "../../ts/wasm/abi.ts";
import { defaultLimits as limits } from "../gpu/default-limits.ts";

const { signature, signatureVjp, logSignature } = gpuOperations;

const gpu = { limits, isFallbackAdapter: false, adapter: "a GPU" };
const withGpu: Capabilities = { threads: 4, gpu };
const auto: Demand = { device: "auto", fallback: "cpu", input: "cpu", output: "cpu" };

const tiny: CallShape = { batch: 1, points: 10, channels: 2, depth: 2 };
const huge: CallShape = { batch: 8192, points: 1000, channels: 4, depth: 6 };

/** The rule that decided, and its device. */
function decision(
  shape: CallShape,
  dtype: "float32" | "float64",
  demand: Demand,
  capabilities: Capabilities,
  costs?: Costs,
) {
  const explanation = decide(signature, shape, dtype, demand, capabilities, costs);
  const deciding = explanation.verdicts.filter(({ decides }) => decides);
  expect(deciding).toHaveLength(1);
  expect(explanation.verdicts.map(({ rule }) => rule)).toEqual(ruleNames);
  return { rule: deciding[0]!.rule, ...explanation.plan, explanation };
}

test("an operation is its descriptor: anything else is a type error, never a signature", () => {
  // @ts-expect-error
  expect(() => decide("signature", tiny, "float32", auto, withGpu)).toThrow(TypeError);
});

describe("rules", () => {
  test("explicit choice goes before everything", () => {
    for (const shape of [tiny, huge])
      for (const input of ["cpu", "gpu"] as const) {
        const on = (device: "cpu" | "webgpu") => decision(shape, "float32", { ...auto, device, input }, withGpu);
        expect(on("cpu")).toMatchObject({ rule: "explicit", device: "cpu" });
        expect(on("webgpu")).toMatchObject({ rule: "explicit", device: "webgpu" });
      }
  });

  test("float64 stays on the CPU, also where it is large", () => {
    expect(decision(huge, "float64", auto, withGpu)).toMatchObject({ rule: "dtype", device: "cpu" });
    expect(decision(huge, "float64", { ...auto, output: "gpu" }, withGpu)).toMatchObject({
      rule: "dtype",
      device: "cpu",
    });
  });

  test("what is on the GPU, or wanted there, stays there, however small", () => {
    expect(decision(tiny, "float32", { ...auto, input: "gpu" }, withGpu)).toMatchObject({
      rule: "residency",
      device: "webgpu",
    });
    expect(decision(tiny, "float32", { ...auto, output: "gpu" }, withGpu)).toMatchObject({
      rule: "residency",
      device: "webgpu",
    });
  });

  test("no adapter, and an adapter that is software", () => {
    expect(decision(huge, "float32", auto, { threads: 4 })).toMatchObject({ rule: "availability", device: "cpu" });
    const software = { threads: 4, gpu: { ...gpu, isFallbackAdapter: true } };
    expect(decision(huge, "float32", auto, software)).toMatchObject({ rule: "availability", device: "cpu" });
    // It is used if asked for; and with its own measured costs, the costs decide.
    expect(decision(huge, "float32", { ...auto, device: "webgpu" }, software)).toMatchObject({ device: "webgpu" });
    const measured = { ...shippedCosts, gpu: { ...shippedCosts.gpu!, adapter: "a GPU" } };
    expect(decision(huge, "float32", auto, software, measured)).toMatchObject({ rule: "cost", device: "webgpu" });
  });

  test("limits: a signature that no binding holds, a step that no workgroup holds", () => {
    const wide: CallShape = { batch: 4, points: 10, channels: 6000, depth: 2 };
    expect(decision(wide, "float32", auto, withGpu)).toMatchObject({ rule: "limits", device: "cpu" });
    const deep: CallShape = { batch: 4096, points: 1000, channels: 5, depth: 11 };
    expect(decision(deep, "float32", auto, withGpu)).toMatchObject({ rule: "limits", device: "cpu" });
    // A result that stays on the device must fit one buffer.
    const stays: CallShape = { batch: 2 ** 16, points: 10, channels: 10, depth: 4 };
    const there = decision(stays, "float32", { ...auto, input: "gpu", output: "gpu" }, withGpu);
    expect(there).toMatchObject({ rule: "residency", device: "cpu" });
    expect(decision(stays, "float32", { ...auto, device: "webgpu" }, withGpu)).toMatchObject({ device: "webgpu" });
  });

  test("then the faster one is taken", () => {
    expect(decision(tiny, "float32", auto, withGpu)).toMatchObject({ rule: "cost", device: "cpu", threads: 1 });
    const { blocks, kernel, threads, ...large } = decision(huge, "float32", auto, withGpu);
    expect(large).toMatchObject({ rule: "cost", device: "webgpu" });
    expect(blocks).toBeGreaterThan(1);
    expect(kernel).toBe("prefix");
    expect(threads).toBe(0);
  });

  test("the estimate is the less of the two, and there is a size from which on the GPU stays the faster one", () => {
    let before: "cpu" | "webgpu" = "cpu";
    for (let batch = 1; batch <= 2 ** 16; batch *= 2) {
      const { device, estimate, explanation } = decision({ ...huge, batch }, "float32", auto, withGpu);
      const { numbers } = explanation.verdicts.at(-1)!;
      expect(estimate).toBe(Math.min(numbers.cpu!, numbers.webgpu!));
      expect(before === "webgpu" && device === "cpu").toBe(false);
      before = device;
    }
    expect(before).toBe("webgpu");
  });
});

describe("what cannot be had", () => {
  const asked: Demand = { ...auto, device: "webgpu" };
  const impossible: [string, CallShape, "float32" | "float64", Capabilities, RegExp, string][] = [
    ["float64", huge, "float64", withGpu, /float32/, "DTYPE_INVALID"],
    ["no adapter", huge, "float32", { threads: 4 }, /adapter/, "GPU_UNAVAILABLE"],
    ["limits", { batch: 1, points: 3, channels: 6000, depth: 2 }, "float32", withGpu, /bytes/, "GPU_LIMITS"],
    // What a host says is of no account.
    ["no adapter, in odd words", huge, "float32", { threads: 4, without: "float32" }, /float32/, "GPU_UNAVAILABLE"],
  ];
  test.each(impossible)("%s: to the CPU, or refused", (_, shape, dtype, capabilities, why, code) => {
    const elsewhere = plan(signature, shape, dtype, asked, capabilities);
    expect(elsewhere).toMatchObject({ device: "cpu" });
    expect(elsewhere.refused).toBeUndefined();
    const refused = plan(signature, shape, dtype, { ...asked, fallback: "error" }, capabilities);
    expect(refused.refused).toMatch(why);
    expect(decide(signature, shape, dtype, asked, capabilities).obstacle).toMatchObject({ code });
  });

  test("on the CPU, numbers that are on the device have to come and go", () => {
    const here = plan(signature, huge, "float32", { ...auto, device: "cpu" }, withGpu);
    const there = plan(signature, huge, "float32", { ...auto, device: "cpu", input: "gpu", output: "gpu" }, withGpu);
    expect(there.estimate).toBeGreaterThan(here.estimate);
  });
});

describe("threads", () => {
  test("a call that is over before threads would wake takes one, a long one all, but no more than it has paths", () => {
    const cpu: Demand = { ...auto, device: "cpu" };
    const threads = (shape: CallShape) => plan(signature, shape, "float32", cpu, withGpu).threads;
    expect(threads(tiny)).toBe(1);
    expect(threads({ ...tiny, batch: 100 })).toBe(1);
    expect(threads(huge)).toBe(4);
    expect(threads({ ...huge, batch: 3 })).toBe(3);
    expect(threads({ ...huge, batch: 1 })).toBe(1);
  });
});

describe("kernels", () => {
  test.each([
    ["signature of one channel", { batch: 10, points: 100, channels: 1, depth: 5 }, "ends"],
    ["depth 1", { batch: 10, points: 100, channels: 7, depth: 1 }, "ends"],
    ["small signatures of many paths", { batch: 2 ** 16, points: 100, channels: 2, depth: 4 }, "path"],
    ["larger ones", { batch: 2 ** 16, points: 100, channels: 4, depth: 4 }, "prefix"],
    ["few long paths", { batch: 2, points: 10_000, channels: 3, depth: 3 }, "time"],
    ["every prefix", { batch: 2, points: 100, channels: 3, depth: 3, stream: true }, "stream"],
  ] as const)("%s: %o", (_, shape, kernel) => {
    expect(plan(signature, shape, "float32", { ...auto, device: "webgpu" }, withGpu).kernel).toBe(kernel);
  });

  test.each([
    [{ batch: 1, points: 40, channels: 4, depth: 4 }, "horner"],
    [{ batch: 1, points: 400, channels: 4, depth: 4 }, "pruned"],
    [{ batch: 1, points: 400, channels: 4, depth: 4, stream: true }, "horner"],
    [{ batch: 1, points: 4000, channels: 2, depth: 8 }, "horner"],
  ] as const)("on the CPU, %o: %s", (shape, kernel) => {
    expect(plan(signature, shape, "float32", { ...auto, device: "cpu" }, withGpu).kernel).toBe(kernel);
  });
});

describe("gradients", () => {
  const large: CallShape = { batch: 8192, points: 500, channels: 4, depth: 4 };
  const there: Demand = { ...auto, device: "webgpu" };

  test.each([
    ["two levels that do not move in time", { channels: 9, depth: 2 }, "straight"],
    ["one channel", { channels: 1, depth: 7 }, "straight"],
    ["trees in registers", { channels: 4, depth: 4 }, "pair"],
    ["trees in memory", { channels: 4, depth: 6, initial: true }, "pair"],
    ["streams", { stream: true }, "adjoint"],
  ] as const)("%s: %o", (_, shape, kernel) => {
    const call = { ...large, ...shape };
    expect(plan(signatureVjp, call, "float32", there, withGpu)).toMatchObject({ device: "webgpu", kernel });
    expect(plan(signatureVjp, call, "float32", { ...auto, device: "cpu" }, withGpu).kernel).toBe(
      "stream" in shape ? "horner" : "bracket",
    );
  });

  test("cost more than the signatures that they need, on both; more where they start from other ones", () => {
    for (const device of ["cpu", "webgpu"] as const) {
      const seconds = (operation: GpuOperation, shape: CallShape) =>
        plan(operation, shape, "float32", { ...auto, device, input: "gpu", output: "gpu" }, withGpu).estimate;
      expect(seconds(signatureVjp, large)).toBeGreaterThan(seconds(signature, large));
      if (device === "webgpu")
        expect(seconds(signatureVjp, { ...large, initial: true })).toBeGreaterThan(seconds(signatureVjp, large));
    }
    expect(plan(signatureVjp, { ...large, batch: 0 }, "float32", auto, withGpu).estimate).toBeGreaterThan(0);
  });

  test("of a lone long path cost about what those of its pieces would", () => {
    const seconds = (shape: CallShape) =>
      plan(signatureVjp, shape, "float32", { ...auto, device: "webgpu", input: "gpu", output: "gpu" }, withGpu)
        .estimate;
    const one = seconds({ batch: 1, points: 10_001, channels: 4, depth: 4 });
    const several = seconds({ batch: 100, points: 101, channels: 4, depth: 4 });
    expect(one / several).toBeGreaterThan(0.8);
    expect(one / several).toBeLessThan(2);
  });

  test("too many pairs of letters and paths that are more than a binding have no kernel, and that is said", () => {
    for (const [shape, why] of [
      [{ ...large, channels: 60, depth: 3 }, /60 channels/],
      [{ ...large, batch: 1, points: 2 ** 24 }, /16777216 points/],
    ] as const) {
      const { plan: made, obstacle } = decide(signatureVjp, shape, "float32", there, withGpu);
      expect(made).toMatchObject({ device: "cpu" });
      expect(obstacle).toMatchObject({ code: "GPU_LIMITS", why: expect.stringMatching(why) });
    }
  });

  test("go to the GPU by themselves where that is faster", () => {
    expect(plan(signatureVjp, large, "float32", auto, withGpu).device).toBe("webgpu");
    expect(plan(signatureVjp, { ...large, batch: 2, points: 10 }, "float32", auto, withGpu).device).toBe("cpu");
  });
});

describe("explanations", () => {
  test("name every rule with its verdict, mark the one that decided, and show its numbers", () => {
    const text = explanationInWords(decide(signature, huge, "float32", auto, withGpu));
    const [first, ...rules] = text.split("\n");
    expect(first).toMatch(/^on the GPU, \d+ blocks, kernel prefix, about [\d.]+ (m?s|µs)$/);
    expect(rules).toHaveLength(ruleNames.length);
    for (const [i, rule] of ruleNames.entries()) expect(rules[i]).toContain(rule);
    expect(rules.filter((line) => line.startsWith("→"))).toHaveLength(1);
    expect(rules.at(-1)).toMatch(/^→ cost +webgpu +the GPU is expected to be faster \(cpu [\d.]+ m?s, threads 4, /);
    expect(rules[4]).toMatch(/maxBufferSize 256 MiB/);
  });

  test("say what was refused", () => {
    const demand: Demand = { ...auto, device: "webgpu", fallback: "error" };
    const text = explanationInWords(decide(signature, tiny, "float64", demand, withGpu));
    expect(text).toMatch(/^refused: WebGPU computes float32 only/);
  });
});

describe("costs", () => {
  test("those that are shipped are of the form that is read, and name machine and day", () => {
    expect(readCosts(JSON.parse(JSON.stringify(shippedCosts)))).toEqual(shippedCosts);
    expect(shippedCosts.machine).not.toBe("");
    expect(shippedCosts.date).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  test("decide", () => {
    const slow = structuredClone(shippedCosts) as { gpu: { seconds: Record<string, number> } };
    for (const unit in slow.gpu.seconds) slow.gpu.seconds[unit]! *= 1e4;
    expect(plan(signature, huge, "float32", auto, withGpu, slow as unknown as Costs).device).toBe("cpu");
  });

  test("saved by an earlier version: units that are missing take the shipped value, unknown ones are left out", () => {
    const { cpu, gpu } = shippedCosts;
    const { horner, ...olderCpu } = cpu.seconds;
    const saved = {
      ...shippedCosts,
      cpu: { ...cpu, seconds: { ...olderCpu, call: 1, wings: 7 } },
      gpu: { ...gpu, seconds: { launch: 2 } },
    };
    expect(readCosts(saved)).toEqual({
      ...shippedCosts,
      cpu: { ...cpu, seconds: { ...cpu.seconds, call: 1 } },
      gpu: { ...gpu, seconds: { ...gpu.seconds, launch: 2 } },
    });
  });

  test.each([
    ["nothing", null, "options.costs"],
    ["another version", { ...shippedCosts, version: 2 }, "options.costs.version"],
    ["no CPU", { ...shippedCosts, cpu: undefined }, "options.costs.cpu"],
    [
      "a constant that is no number",
      { ...shippedCosts, cpu: { ...shippedCosts.cpu, float64: "2" } },
      "options.costs.cpu.float64",
    ],
    [
      "a negative one",
      { ...shippedCosts, gpu: { ...shippedCosts.gpu, invocationsToFill: -1 } },
      "options.costs.gpu.invocationsToFill",
    ],
    ["no units", { ...shippedCosts, gpu: { ...shippedCosts.gpu, seconds: undefined } }, "options.costs.gpu.seconds"],
    [
      "a unit that is no number",
      { ...shippedCosts, gpu: { ...shippedCosts.gpu, seconds: { launch: null } } },
      "options.costs.gpu.seconds.launch",
    ],
    [
      "a unit that is not finite",
      { ...shippedCosts, cpu: { ...shippedCosts.cpu, seconds: { horner: Number.POSITIVE_INFINITY } } },
      "options.costs.cpu.seconds.horner",
    ],
  ])("are refused: %s", (_, given, argument) => {
    expect(() => readCosts(given)).toThrow(expect.objectContaining({ code: "COSTS_INVALID", argument }));
  });
});

describe("log-signatures", () => {
  const logShape = (shape: CallShape, bits: number) => ({ ...shape, scalarTerm: false, bits });
  const large: CallShape = { batch: 8192, points: 1000, channels: 4, depth: 5 };

  test("in float32 run where they are faster, others on the CPU, and that is said", () => {
    const on = (shape: CallShape, bits: number) =>
      decide(logSignature, logShape(shape, bits), "float32", auto, withGpu);
    expect(on(large, LOG_FLOAT32).plan).toMatchObject({ device: "webgpu" });
    expect(on(tiny, LOG_FLOAT32).plan).toMatchObject({ device: "cpu", kernel: "pruned" });
    for (const bits of [0, LOG_FLOAT64]) {
      const { plan: planned, verdicts } = on(large, bits);
      expect(planned.device).toBe("cpu");
      expect(verdicts.find(({ decides }) => decides)).toMatchObject({ rule: "limits" });
      expect(verdicts.find(({ decides }) => decides)!.why).toMatch(/precision "float32" only/);
    }
  });

  test("cost more than signatures that stay on a GPU, less than them on the CPU where paths are long", () => {
    const seconds = (operation: GpuOperation, device: "cpu" | "webgpu") =>
      plan(operation, logShape(large, LOG_FLOAT32), "float32", { ...auto, device, output: "gpu" }, withGpu).estimate;
    expect(seconds(logSignature, "webgpu")).toBeGreaterThan(seconds(signature, "webgpu"));
    expect(seconds(logSignature, "cpu")).toBeLessThan(seconds(signature, "cpu"));
  });
});
