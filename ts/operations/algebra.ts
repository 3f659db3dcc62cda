// Exports of the entries of the family `algebra`; see core.ts for the format.

export { type LayoutOptions, signatureSize } from "../input/size.ts";
export type { GradientTensor, LevelView, Signature, SignatureOf, SignatureRows, Signatures } from "../input/tensor.ts";
export { words } from "../input/words.ts";
export {
  bindExp,
  bindExpVjp,
  type ExpFunction,
  type ExpVjpFunction,
  expOperation,
  expVjpOperation,
} from "./exp.ts";
export {
  bindInverse,
  bindInverseVjp,
  type InverseFunction,
  type InverseVjpFunction,
  inverseOperation,
  inverseVjpOperation,
} from "./inverse.ts";
export {
  bindLog,
  bindLogVjp,
  type LogFunction,
  type LogVjpFunction,
  logOperation,
  logVjpOperation,
} from "./log.ts";
export {
  bindMultiply,
  bindMultiplyVjp,
  type MultiplyFunction,
  type MultiplyVjpFunction,
  multiplyOperation,
  multiplyVjpOperation,
} from "./multiply.ts";
export type { Rows, RowsGradients, RowsOf, RowsOptions, RowsVjpOptions, TwoRowsGradients } from "./rows-operation.ts";
export type { Cotangent } from "./signature-vjp.ts";
