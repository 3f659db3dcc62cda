// Static kernels: what takes the place of the inner product of two points in a signature kernel.

import { describe, rangeError, typeError } from "../input/errors.ts";

/** A kernel of points, from {@link staticKernels}. */
export interface StaticKernel {
  readonly name: "linear" | "polynomial" | "rbf" | "matern" | "rationalQuadratic";
}

/** A static kernel as tasks have it: its code, and its three parameters. */
export class ReadStaticKernel implements StaticKernel {
  readonly name: StaticKernel["name"];
  readonly code: number;
  readonly parameters: readonly [number, number, number];
  /** The kernel of an inner product, or of a squared distance where it is radial. */
  readonly value: (x: number) => number;

  constructor(
    name: StaticKernel["name"],
    code: number,
    parameters: readonly [number, number, number],
    value: (x: number) => number,
  ) {
    this.name = name;
    this.code = code;
    this.parameters = parameters;
    this.value = value;
  }

  get isLinear(): boolean {
    return this.code === 0;
  }

  get isRadial(): boolean {
    return this.code > 1;
  }
}

/** Reads numeric options by name; each must satisfy its predicate. */
function readParameters<Name extends string>(
  kernel: string,
  options: unknown,
  known: Record<Name, readonly [fallback: number | undefined, isValid: (n: number) => boolean, accepted: string]>,
): Record<Name, number> {
  const argument = `${kernel}.options`;
  if (options !== undefined && (typeof options !== "object" || options === null))
    throw typeError("OPTION_TYPE", argument, describe(options), "an object");
  const given = (options ?? {}) as Record<string, unknown>;
  for (const name in given)
    if (!(name in known))
      throw typeError("OPTION_UNKNOWN", `${kernel}.${name}`, describe(name), `one of ${Object.keys(known).join(", ")}`);
  const read = {} as Record<Name, number>;
  for (const name in known) {
    const [fallback, isValid, accepted] = known[name];
    const value = given[name] === undefined ? fallback : given[name];
    if (typeof value !== "number" || !isValid(value))
      throw rangeError("KERNEL_OPTION", `${kernel}.${name}`, describe(value), accepted);
    read[name] = value;
  }
  return read;
}

const isPositive = (n: number): boolean => n > 0 && Number.isFinite(n);
const positive = "a finite number above 0";
const width = { sigma: [undefined, isPositive, positive] } as const;

function linear(options?: { readonly scale?: number | undefined }): StaticKernel {
  const { scale } = readParameters("linear", options, { scale: [1, isPositive, positive] });
  const square = scale * scale;
  return new ReadStaticKernel("linear", 0, [square, 0, 0], (x) => square * x);
}

function polynomial(options: {
  readonly degree: number;
  readonly gamma?: number | undefined;
  readonly offset?: number | undefined;
}): StaticKernel {
  const { degree, gamma, offset } = readParameters("polynomial", options, {
    degree: [undefined, (n) => Number.isInteger(n) && n >= 1 && n <= 100, "a whole number from 1 to 100"],
    gamma: [1, isPositive, positive],
    offset: [1, (n) => n >= 0 && Number.isFinite(n), "a finite number from 0 on"],
  });
  return new ReadStaticKernel("polynomial", 1, [degree, gamma, offset], (x) => (gamma * x + offset) ** degree);
}

function rbf(options: { readonly sigma: number }): StaticKernel {
  const { sigma } = readParameters("rbf", options, width);
  const rate = 1 / (2 * sigma * sigma);
  return new ReadStaticKernel("rbf", 2, [rate, 0, 0], (x) => Math.exp(-rate * x));
}

function matern(options: { readonly nu: 0.5 | 1.5 | 2.5; readonly sigma: number }): StaticKernel {
  const { nu, sigma } = readParameters("matern", options, {
    nu: [undefined, (n) => n === 0.5 || n === 1.5 || n === 2.5, "0.5, 1.5 or 2.5"],
    ...width,
  });
  const rate = (2 * nu) / (sigma * sigma);
  return new ReadStaticKernel("matern", 2.5 + nu, [rate, 0, 0], (x) => {
    const r = Math.sqrt(rate * x);
    return (nu === 0.5 ? 1 : nu === 1.5 ? 1 + r : 1 + r + (r * r) / 3) * Math.exp(-r);
  });
}

function rationalQuadratic(options: { readonly alpha?: number | undefined; readonly sigma: number }): StaticKernel {
  const { alpha, sigma } = readParameters("rationalQuadratic", options, { alpha: [1, isPositive, positive], ...width });
  const rate = 1 / (2 * sigma * sigma);
  return new ReadStaticKernel("rationalQuadratic", 6, [rate, alpha, 0], (x) => (1 + (rate * x) / alpha) ** -alpha);
}

/**
 * Kernels of points p and q; r = |p − q|. Each throws KERNEL_OPTION for a parameter out of range.
 *
 * - `linear({ scale = 1 })`: ⟨scale p, scale q⟩, the kernel of the signatures of scaled paths;
 * - `polynomial({ degree, gamma = 1, offset = 1 })`: (gamma ⟨p, q⟩ + offset)^degree;
 * - `rbf({ sigma })`: exp(−r² / (2 sigma²));
 * - `matern({ nu, sigma })`: Matérn's of smoothness 0.5, 1.5 or 2.5 and length sigma;
 * - `rationalQuadratic({ alpha = 1, sigma })`: (1 + r² / (2 alpha sigma²))^−alpha.
 */
export const staticKernels = { linear, polynomial, rbf, matern, rationalQuadratic } as const;

export const linearKernel = /* @__PURE__ */ linear() as ReadStaticKernel;

/** @throws PathSignatureTypeError KERNEL_OPTION_TYPE */
export function readStaticKernel(value: unknown): ReadStaticKernel {
  if (value === undefined) return linearKernel;
  if (value instanceof ReadStaticKernel) return value;
  throw typeError(
    "KERNEL_OPTION_TYPE",
    "options.staticKernel",
    describe(value),
    "what a function of staticKernels returns, such as staticKernels.rbf({ sigma: 1 })",
  );
}
