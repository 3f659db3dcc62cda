// `signatureFeatures`: the public function and its type.

import type { Paths } from "../input/paths.ts";
import { type FeaturesJson, fromJson, toJson } from "./json.ts";
import {
  type FeatureEngine,
  type FeatureOptions,
  type FeatureRunOptions,
  generalised,
  readFeatureOptions,
} from "./options.ts";
import { type Features, type Functions, Pipeline } from "./pipeline.ts";

/** Turns paths into rows of features. Made by `signatureFeatures`. */
export interface SignatureFeatures {
  /**
   * Learns the scales of the channels, and how many windows paths have. Replaces what was learned.
   *
   * @param paths - a path or a batch, as for `signature`.
   * @returns A promise of this pipeline.
   * @throws PathSignatureError as `signature`, and EMPTY_PATH for no path (as a rejection; what was
   *   learned stays)
   *
   * @example await features.fit(train)
   */
  fit(paths: Paths, options?: FeatureRunOptions): Promise<this>;
  /**
   * The features of paths, a row for each. A row depends on its path alone, not on others of the
   * batch.
   *
   * @param paths - (…batch, length, channels), with the channels of `fit`, in any of the forms that
   *   `signature` takes.
   * @returns A promise of (paths, columns) numbers, of dimensionless channels if they are scaled.
   * @throws PathSignatureError as `signature`, and NOT_FITTED; CHANNELS_INVALID for other channels;
   *   WINDOWS_RANGE for more windows than those of `fit` (as a rejection)
   *
   * @example (await features.transform(test)).shape; // [370, 4 * 184]
   */
  transform(paths: Paths, options?: FeatureRunOptions): Promise<Features>;
  /**
   * `fit`, then `transform` of the same paths.
   *
   * @example const { data, shape } = await features.fitTransform(train);
   */
  fitTransform(paths: Paths, options?: FeatureRunOptions): Promise<Features>;
  /**
   * Names of the columns, in their order: the name of the series, the word, `sig` or `logsig`, and
   * the window.
   *
   * @throws PathSignatureError NOT_FITTED
   * @example features.names()[5] // "series__x·y__sig__w=0:50"
   */
  names(): string[];
  /**
   * What was learned, and the options without the engine, as an object for `JSON.stringify`.
   *
   * @throws PathSignatureError NOT_FITTED
   * @example localStorage.setItem("features", JSON.stringify(features))
   */
  toJSON(): FeaturesJson;
}

/** The type of `signatureFeatures`. */
export interface SignatureFeaturesFunction {
  /**
   * A pipeline from recordings to rows of features: scales the channels, adds time and a basepoint,
   * cuts into windows, computes signatures or log-signatures, and rescales them.
   *
   * @param options - see {@link FeatureOptions}; defaults are `signatureFeatures.generalised`.
   * @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, DEPTH_INVALID, DTYPE_INVALID,
   *   AUGMENT_TYPE, SELECT_TYPE, WINDOWS_TYPE, FEATURES_OPTION
   *
   * @example
   * const features = signatureFeatures({ depth: 2, windows: null });
   * const { data, shape } = await features.fitTransform(train);
   */
  (options?: FeatureOptions): SignatureFeatures;
  /**
   * The defaults: time and basepoint, dyadic windows of depth 3, signatures of depth 3, channels of
   * mean 0 and variance 1, rescaled before the signature.
   *
   * @example signatureFeatures({ ...signatureFeatures.generalised, depth: 2 })
   */
  readonly generalised: typeof generalised;
  /**
   * The pipeline that `toJSON` wrote.
   *
   * @param json - the text, or the object.
   * @throws PathSignatureError SNAPSHOT_INVALID, FEATURES_OPTION
   *
   * @example signatureFeatures.fromJSON(localStorage.getItem("features"), { engine })
   */
  fromJSON(json: string | FeaturesJson, options?: Pick<FeatureOptions, "engine">): SignatureFeatures;
}

class PublicPipeline implements SignatureFeatures {
  readonly #pipeline: Pipeline;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  async fit(paths: Paths, options?: FeatureRunOptions): Promise<this> {
    await this.#pipeline.fit(paths, options);
    return this;
  }

  transform(paths: Paths, options?: FeatureRunOptions): Promise<Features> {
    return this.#pipeline.transform(paths, options);
  }

  fitTransform(paths: Paths, options?: FeatureRunOptions): Promise<Features> {
    return this.#pipeline.fitTransform(paths, options);
  }

  names(): string[] {
    return this.#pipeline.names();
  }

  toJSON(): FeaturesJson {
    return toJson(this.#pipeline.options, this.#pipeline.fitted);
  }
}

/** Makes `signatureFeatures`. */
export function bindSignatureFeatures(functions: Functions): SignatureFeaturesFunction {
  function signatureFeatures(options?: FeatureOptions): SignatureFeatures {
    const { engine, ...kept } = readFeatureOptions(options);
    return new PublicPipeline(new Pipeline(kept, engine, functions, undefined));
  }
  return Object.assign(signatureFeatures, {
    generalised,
    fromJSON(json: string | FeaturesJson, options?: { readonly engine?: FeatureEngine | undefined }) {
      const { engine } = readFeatureOptions(options);
      const { options: kept, fitted } = fromJson(json);
      return new PublicPipeline(new Pipeline(kept, engine, functions, fitted));
    },
  });
}
