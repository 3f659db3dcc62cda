// Every error of the functions of the family `kernels`: class, code, argument and text; that `out`
// is unchanged; and that the next call works.

import { describe, expect, test } from "vitest";
import {
  isPathSignatureError,
  PathSignatureRangeError,
  PathSignatureTypeError,
  signatureKernel,
  signatureKernelGram,
  signatureKernelGramVjp,
  signatureKernelVjp,
  signatureMmd,
  signatureMmdVjp,
  signatureScore,
  staticKernels,
  truncatedSignatureKernel,
  truncatedSignatureKernelVjp,
} from "../ts/kernels.ts";

type Loose = (...given: unknown[]) => unknown;
const kernel = signatureKernel as Loose;
const gram = signatureKernelGram as Loose;
const vjp = signatureKernelVjp as Loose;
const gramVjp = signatureKernelGramVjp as Loose;
const mmd = signatureMmd as Loose;
const truncated = truncatedSignatureKernel as Loose;
const truncatedVjp = truncatedSignatureKernelVjp as Loose;
const { rbf, matern, polynomial, linear, rationalQuadratic } = staticKernels as unknown as Record<string, Loose>;

const path = [
  [0, 0],
  [1, 0],
  [1, 1],
];
const batch = [path, path];
const flat = [
  [0, 0, 0],
  [1, 1, 1],
];

const table: [title: string, call: () => unknown, code: string, argument: string, message: string | RegExp][] = [
  ["no paths", () => kernel(undefined, path), "PATHS_TYPE", "x", /^x must be a tensor/],
  ["no second paths", () => kernel(path), "PATHS_TYPE", "y", /^y must be a tensor/],
  ["a flat list", () => kernel(path, [1, 2]), "PATHS_RANK", "y", /a flat array of numbers/],
  ["an empty path", () => gram(batch, [path, []]), "EMPTY_PATH", "y[1]", /at least one point/],
  ["a ragged row", () => gram([[[0, 0], [1]]]), "RAGGED_ROW", "x[0][1]", /1 number/],
  ["a text for a number", () => kernel([["a", 0]], path), "ELEMENT_TYPE", "x[0][0]", /"a"/],
  ["too few numbers", () => gram({ data: [1, 2], shape: [1, 2, 2] }), "SHAPE_MISMATCH", "x.data", /4 numbers/],
  ["other channels", () => kernel(path, flat), "KERNEL_SHAPE", "y", /of 2 channels, as x is; got paths of 3 channels/],
  ["another batch", () => kernel(batch, [path]), "KERNEL_SHAPE", "y", /a batch of shape \(2\), as x is/],
  ["a path and a batch", () => kernel(path, batch), "KERNEL_SHAPE", "y", /one path, as x is/],
  ["a sample of one", () => mmd([path], batch), "KERNEL_SHAPE", "x", /at least 2 paths; got 1 path/],
  ["another sample of one", () => mmd(batch, [path]), "KERNEL_SHAPE", "y", /at least 2 paths/],
  ["options that are none", () => kernel(path, path, 3), "OPTION_TYPE", "options", /an object/],
  ["an unknown option", () => kernel(path, path, { depth: 3 }), "OPTION_UNKNOWN", "options.depth", /dyadicOrder/],
  ["no y, but its lengths", () => gram(batch, { yLengths: [1, 2] }), "OPTION_UNKNOWN", "options.yLengths", /absent/],
  [
    "out for gradients",
    () => vjp(path, path, [1], { out: new Float64Array(1) }),
    "OPTION_UNKNOWN",
    "options.out",
    /one of/,
  ],
  [
    "a degree of 4",
    () => kernel(path, path, { degree: 4 }),
    "KERNEL_OPTION",
    "options.degree",
    "options.degree must be 1, 2 or 3; got 4",
  ],
  [
    "a negative order",
    () => kernel(path, path, { dyadicOrder: -1 }),
    "KERNEL_OPTION",
    "options.dyadicOrder",
    /from 0 to 12/,
  ],
  [
    "three orders",
    () => gram(batch, { dyadicOrder: [1, 2, 3] }),
    "KERNEL_OPTION",
    "options.dyadicOrder",
    /two of them/,
  ],
  ["a name for an order", () => gram(batch, { dyadicOrder: "high" }), "KERNEL_OPTION", "options.dyadicOrder", /"high"/],
  [
    "a function as kernel",
    () => gram(batch, { staticKernel: linear }),
    "KERNEL_OPTION_TYPE",
    "options.staticKernel",
    /what a function of staticKernels returns/,
  ],
  ["no depth", () => truncated(path, path), "DEPTH_INVALID", "options.depth", /from 1 to 20; got undefined/],
  ["a depth of 21", () => truncated(path, path, { depth: 21 }), "DEPTH_INVALID", "options.depth", /got 21/],
  [
    "a scheme",
    () => truncated(path, path, { depth: 2, degree: 2 }),
    "OPTION_UNKNOWN",
    "options.degree",
    /one of staticKernel/,
  ],
  ["no depth of gradients", () => truncatedVjp(path, path, [1], {}), "DEPTH_INVALID", "options.depth", /from 1 to 20/],
  [
    "out of gradients",
    () => truncatedVjp(path, path, [1], { depth: 2, out: new Float64Array(4) }),
    "OPTION_UNKNOWN",
    "options.out",
    /one of staticKernel/,
  ],
  ["no flag", () => gram(batch, { normalize: 1 }), "OPTION_TYPE", "options.normalize", /true or false/],
  [
    "sides",
    () => gramVjp(batch, batch, [1, 1, 1, 1], { gradients: "z" }),
    "OPTION_TYPE",
    "options.gradients",
    /"x", "y" or "both"/,
  ],
  ["no sigma", () => rbf!({}), "KERNEL_OPTION", "rbf.sigma", /above 0; got undefined/],
  ["a sigma of 0", () => matern!({ nu: 0.5, sigma: 0 }), "KERNEL_OPTION", "matern.sigma", /above 0; got 0/],
  ["another nu", () => matern!({ nu: 1, sigma: 1 }), "KERNEL_OPTION", "matern.nu", /0.5, 1.5 or 2.5; got 1/],
  ["a degree of 1.5", () => polynomial!({ degree: 1.5 }), "KERNEL_OPTION", "polynomial.degree", /whole number/],
  ["a scale of Infinity", () => linear!({ scale: Infinity }), "KERNEL_OPTION", "linear.scale", /finite/],
  [
    "an unknown parameter",
    () => rationalQuadratic!({ gamma: 1 }),
    "OPTION_UNKNOWN",
    "rationalQuadratic.gamma",
    /alpha, sigma/,
  ],
  ["no parameters", () => rbf!(3), "OPTION_TYPE", "rbf.options", /an object/],
  [
    "lengths of one side",
    () => gram(batch, batch, { yLengths: [1] }),
    "LENGTHS_COUNT",
    "options.yLengths",
    /one for each path, 2/,
  ],
  [
    "a length beyond the points",
    () => gram(batch, { xLengths: [4, 1] }),
    "LENGTHS_RANGE",
    "options.xLengths[0]",
    /from 1 to 3/,
  ],
  [
    "out of another type",
    () => kernel(path, path, { out: new Float32Array(1) }),
    "OUT_TYPE",
    "options.out",
    /Float64Array/,
  ],
  [
    "out of another length",
    () => gram(batch, { out: new Float64Array(3) }),
    "OUT_LENGTH",
    "options.out",
    /of 4 numbers, for a result of shape \(2, 2\)/,
  ],
  [
    "cotangents of a shape",
    () => gramVjp(batch, batch, [1]),
    "COTANGENT_SHAPE",
    "cotangent",
    /of shape \(2, 2\), as the result is/,
  ],
  ["cotangents that are none", () => vjp(path, path, 1), "COTANGENT_TYPE", "cotangent", /result's shape/],
  ["a cotangent of NaN", () => vjp(path, path, [Number.NaN]), "NOT_FINITE", "cotangent", /NaN at index 0/],
  [
    "a cotangent of a loss",
    () => (signatureMmdVjp as Loose)(batch, batch, { cotangent: "1" }),
    "KERNEL_OPTION",
    "options.cotangent",
    /finite number/,
  ],
  [
    "lambda",
    () => (signatureScore as Loose)(batch, path, { lambda: Number.NaN }),
    "KERNEL_OPTION",
    "options.lambda",
    /finite number/,
  ],
  ["lambda of a distance", () => mmd(batch, batch, { lambda: 1 }), "OPTION_UNKNOWN", "options.lambda", /one of/],
  [
    "NaN in x",
    () =>
      kernel(
        [
          [0, Number.NaN],
          [1, 1],
        ],
        path,
      ),
    "NOT_FINITE",
    "x",
    /NaN at path 0, point 0, channel 1/,
  ],
  [
    "infinity in y",
    () =>
      gram(batch, [
        path,
        [
          [0, 0],
          [1, -Infinity],
        ],
      ]),
    "NOT_FINITE",
    "y",
    /-Infinity at path 1, point 1, channel 1/,
  ],
  [
    "infinity for a radial kernel",
    () =>
      gram(
        [
          path,
          [
            [0, 0],
            [Infinity, 1],
          ],
        ],
        { staticKernel: rbf!({ sigma: 1 }) },
      ),
    "NOT_FINITE",
    "x",
    /path 1, point 1, channel 0/,
  ],
  ["NaN in a path of one point", () => kernel([[Number.NaN, 1]], path), "NOT_FINITE", "x", /point 0/],
  [
    "a number beyond float32",
    () =>
      kernel(
        [
          [0, 0],
          [1e300, 0],
        ],
        path,
        { dtype: "float32", dyadicOrder: 0 },
      ),
    "NOT_REPRESENTABLE",
    "x",
    /float32/,
  ],
  [
    "a kernel beyond float32",
    () =>
      kernel(
        [
          [0, 0],
          [1e4, 0],
        ],
        [
          [0, 0],
          [1, 1],
        ],
        { dtype: "float32", degree: 2, dyadicOrder: 8 },
      ),
    "KERNEL_OVERFLOW",
    "x",
    /scale the paths down, standardise them, say dtype: "float64", or say log: true/,
  ],
  [
    "a kernel beyond float64",
    () =>
      gram(
        [
          path,
          [
            [0, 0],
            [1e6, 0],
          ],
        ],
        { dyadicOrder: 8 },
      ),
    "KERNEL_OVERFLOW",
    "x",
    /beyond float64/,
  ],
];

describe("bad input", () => {
  test.each(table)("%s", (_, call, code, argument, message) => {
    let error: unknown;
    try {
      call();
    } catch (thrown) {
      error = thrown;
    }
    expect(isPathSignatureError(error)).toBe(true);
    expect(error).toMatchObject({ code, argument });
    expect((error as Error).message).toMatch(message);
    const isType = /_TYPE|_RANK|UNKNOWN/.test(code);
    expect(error).toBeInstanceOf(isType ? PathSignatureTypeError : PathSignatureRangeError);
    expect(signatureKernel(path, path).data[0]).toBeGreaterThan(2);
  });

  test("leaves out unchanged, also where the kernel overflows", () => {
    const out = new Float64Array(4).fill(7);
    const far = [
      [0, 0],
      [1e6, 0],
    ];
    expect(() => gram([path, far], { out, dyadicOrder: 8 })).toThrow(/beyond float64/);
    expect(Array.from(out)).toEqual([7, 7, 7, 7]);
    signatureKernelGram(batch, { out });
    expect(out[0]).toBeGreaterThan(2);
  });

  test("lets such numbers through where they are not checked", () => {
    const far = [
      [0, 0],
      [1e6, 0],
    ];
    const options = { checkFinite: false, dyadicOrder: 8 } as const;
    expect(Number.isFinite(signatureKernel(far, far, options).data[0])).toBe(false);
    expect(
      signatureKernel(
        [
          [0, Number.NaN],
          [1, 1],
        ],
        path,
        options,
      ).data[0],
    ).toBeNaN();
  });
});
