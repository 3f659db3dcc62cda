// Derives the type of a result from the types of a call's arguments. Types only.

import type { Signature } from "../input/tensor.ts";
import type { DType, NumericView } from "./arrays.ts";
import type { ColumnsInput } from "./containers.ts";
import type { SignatureOptions } from "./options.ts";
import type { NestedPath, Paths } from "./paths.ts";

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

type DTypeOfPaths<P> = P extends { readonly data: infer Data }
  ? DTypeOfData<Data>
  : P extends readonly (infer Point)[]
    ? Point extends readonly (infer Inner)[]
      ? Inner extends number
        ? "float64"
        : DTypeOfPoint<Inner>
      : Point extends NumericView
        ? DTypeOfPoint<Point>
        : DTypeOfPaths<Point>
    : [P[keyof P]] extends [Float32Array]
      ? "float32"
      : [P[keyof P]] extends [Float64Array | readonly number[]]
        ? "float64"
        : DType;

/** The number type of the result: the option if given, else the one that the paths suggest. */
export type DTypeOf<P, O> = "dtype" extends keyof O ? (O["dtype"] extends DType ? O["dtype"] : DType) : DTypeOfPaths<P>;

/**
 * Whether the result has every prefix; `boolean` if the type of the options does not determine it.
 */
export type StreamOf<O> = "stream" extends keyof O ? (O["stream"] extends boolean ? O["stream"] : boolean) : false;

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
export type BatchedOf<P> = P extends { readonly shape: infer Shape }
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

/** The type of a call's result. */
export type SignatureOf<P extends Paths, O extends SignatureOptions> = Signature<
  DTypeOf<P, O>,
  StreamOf<O>,
  BatchedOf<P>
>;

/** Exactly these options: an unknown name is also a type error. */
export type Only<O, Known> = O & { readonly [Name in Exclude<keyof O, keyof Known>]: never };
