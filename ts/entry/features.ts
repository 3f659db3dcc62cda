// `path-signature/features`: a pipeline from recordings to rows of features, with the binaries of
// the main entry.

import { bindSignatureFeatures, type SignatureFeaturesFunction } from "../features/features.ts";
import { logSignature, signature } from "../index.ts";

/**
 * A pipeline from recordings to rows of features: scales the channels, adds time and a basepoint,
 * cuts into windows, computes signatures or log-signatures, and rescales them. The defaults are
 * those of Morrill et al. (2020), "A Generalised Signature Method for Multivariate Time Series".
 *
 * @example
 * const features = await signatureFeatures().fit(train);
 * const { data, shape } = await features.transform(test); // (paths, columns)
 * features.names(); // ["series__0__sig__w=1/1", …]
 */
export const signatureFeatures: SignatureFeaturesFunction = /* @__PURE__ */ bindSignatureFeatures({
  signature,
  logSignature,
});

export type { SignatureFeatures, SignatureFeaturesFunction } from "../features/features.ts";
export type { FeaturesJson } from "../features/json.ts";
export type {
  FeatureEngine,
  FeatureOptions,
  FeatureRunOptions,
  FeatureWindows,
  Rescale,
  Scale,
} from "../features/options.ts";
export type { Features } from "../features/pipeline.ts";
