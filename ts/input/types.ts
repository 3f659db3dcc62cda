// Derives the type of a result from the types of a call's arguments. Types only.
//
// A function is declared as an interface with one call signature and its documentation: editors
// show both. Its type parameters are the type of the paths and what options decide:
//
//   <P extends Paths, T extends DType = DTypeOf<P>, S extends boolean = false>(
//     paths: P,
//     options: SignatureOptions<T, S>,
//   ): SignatureOf<T, S, BatchedOf<P>>

import type { DType, NumericView } from "./arrays.ts";
import type { ColumnsInput } from "./containers.ts";
import type { NestedPath } from "./paths.ts";

/** The number type that a type of data suggests. */
type DTypeOfData<Data> = Data extends Float32Array | readonly Float32Array[]
  ? "float32"
  : Data extends Float64Array | readonly number[] | readonly Float64Array[]
    ? "float64"
    : DType;

/** Nested arrays are float64, unless every point is a Float32Array. */
type DTypeOfPoint<Point> = Point extends Float32Array
  ? "float32"
  : Point extends readonly number[] | Float64Array
    ? "float64"
    : DType;

/** The number type of a result that the arguments suggest; the option `dtype` overrides it. */
export type DTypeOf<P> = P extends { readonly data: infer Data }
  ? DTypeOfData<Data>
  : P extends readonly (infer Point)[]
    ? Point extends readonly (infer Inner)[]
      ? Inner extends number
        ? "float64"
        : DTypeOfPoint<Inner>
      : Point extends NumericView
        ? DTypeOfPoint<Point>
        : DTypeOf<Point>
    : [P[keyof P]] extends [Float32Array]
      ? "float32"
      : [P[keyof P]] extends [Float64Array | readonly number[]]
        ? "float64"
        : DType;

type BatchedOfShape<Shape> = Shape extends readonly [unknown, unknown]
  ? false
  : Shape extends readonly [unknown, unknown, unknown, ...unknown[]]
    ? true
    : boolean;

type BatchedOfPoints<P, Data> = P extends { readonly offsets: readonly number[] | NumericView }
  ? true
  : "offsets" extends keyof P
    ? boolean
    : Data extends readonly NumericView[]
      ? true
      : Data extends NumericView | readonly number[]
        ? false
        : boolean;

/** Whether the paths are a batch; `boolean` if their type does not determine it. */
export type BatchedOf<P, W = undefined> = W extends undefined ? BatchedOfPaths<P> : true;

type BatchedOfPaths<P> = P extends { readonly shape: infer Shape }
  ? BatchedOfShape<Shape>
  : P extends { readonly dims: infer Dims }
    ? BatchedOfShape<Dims>
    : P extends { readonly data: infer Data }
      ? BatchedOfPoints<P, Data>
      : P extends NestedPath
        ? false
        : P extends readonly unknown[]
          ? true
          : P extends ColumnsInput
            ? false
            : boolean;
