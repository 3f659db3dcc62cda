// `signatureTransform`: a stream as a TransformStream of the web.

import type { DType } from "../input/arrays.ts";
import type { Signature } from "../input/tensor.ts";
import type { Runtime } from "../wasm/runtime.ts";
import type { SignatureStreamOptions } from "./options.ts";
import type { StreamPoints } from "./points.ts";
import { bindCreateSignatureStream, type SignatureStream } from "./signature-stream.ts";

declare global {
  /** Merges with the host's own; programs may lack its types (ts/input/host-types.ts). */
  interface TransformStream<I, O> {}
}

/** The type of `signatureTransform`. */
export interface SignatureTransformFunction {
  /**
   * A TransformStream from points to signatures: for each chunk, a point of shape (channels) or
   * several, the signature after it, with numbers of its own. Memory is freed when the stream ends
   * or fails.
   *
   * @param options - those of `createSignatureStream`.
   * @throws PathSignatureError as `createSignatureStream`; the readable side fails with errors of
   *   `push`
   *
   * @example
   * const signatures = readings.pipeThrough(signatureTransform({ channels: 3, depth: 2 }));
   * for await (const s of signatures) model.predict(s.data);
   */
  <T extends DType = "float64">(options: SignatureStreamOptions<T>): TransformStream<StreamPoints, Signature<T>>;
}

/** Makes `signatureTransform` for a runtime. Pure: nothing is loaded before the first call. */
export function bindSignatureTransform(runtime: Runtime): SignatureTransformFunction {
  const create = bindCreateSignatureStream(runtime) as (options: unknown) => SignatureStream;
  const transform = (options: unknown) => {
    const stream = create(options);
    const close = () => stream[Symbol.dispose]();
    return new TransformStream<StreamPoints, Signature>({
      transform(points, controller) {
        try {
          controller.enqueue(stream.push(points).copy());
        } catch (error) {
          close();
          throw error;
        }
      },
      flush: close,
      cancel: close,
    } as Transformer<StreamPoints, Signature>);
  };
  return transform as SignatureTransformFunction;
}
