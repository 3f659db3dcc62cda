// Exports of the entries of the family `algebra`; see core.ts for the format.

export { type LayoutOptions, signatureSize } from "../input/size.ts";
export type { Coefficients, GradientTensor, LevelView, Signature } from "../input/tensor.ts";
export { words } from "../input/words.ts";
export {
  /**
   * Exponentials of rows of the tensor algebra. @see {@link ExpFunction} for shapes, options and
   * errors.
   */
  bindExp,
  /** Gradients of `exp`. @see {@link ExpVjpFunction} */
  bindExpVjp,
  type ExpFunction,
  type ExpVjpFunction,
  expOperation,
  expVjpOperation,
} from "./exp.ts";
export {
  /**
   * Inverses of rows of the tensor algebra. @see {@link InverseFunction} for shapes, options and
   * errors.
   */
  bindInverse,
  /** Gradients of `inverse`. @see {@link InverseVjpFunction} */
  bindInverseVjp,
  type InverseFunction,
  type InverseVjpFunction,
  inverseOperation,
  inverseVjpOperation,
} from "./inverse.ts";
export {
  /**
   * Logarithms of rows of the tensor algebra. @see {@link LogFunction} for shapes, options and
   * errors.
   */
  bindLog,
  /** Gradients of `log`. @see {@link LogVjpFunction} */
  bindLogVjp,
  type LogFunction,
  type LogVjpFunction,
  logOperation,
  logVjpOperation,
} from "./log.ts";
export {
  /**
   * Products of rows of the tensor algebra (Chen's identity). @see {@link MultiplyFunction} for
   * shapes, options and errors.
   */
  bindMultiply,
  /** Gradients of `multiply`. @see {@link MultiplyVjpFunction} */
  bindMultiplyVjp,
  type MultiplyFunction,
  type MultiplyVjpFunction,
  multiplyOperation,
  multiplyVjpOperation,
} from "./multiply.ts";
export type { Rows, RowsGradients, RowsOf, RowsOptions, RowsVjpOptions, TwoRowsGradients } from "./rows-operation.ts";
export type { Cotangent } from "./signature-vjp.ts";
