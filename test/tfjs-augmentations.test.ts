// Augmentations and masks in TensorFlow.js: the op and its gradient are the library's own, to the
// bit, with the lists and the errors of augmentations.test.ts; layers know their shapes, refuse
// wrong lists when a model is built, and have the same results after they were saved and loaded.

import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { LogSigLayer, logSignature, SigLayer, signature } from "../ts/entry/tfjs.ts";
import {
  type Augmentation,
  init,
  isPathSignatureError,
  logSignature as logSignatureOf,
  signature as signatureOf,
  signatureWithVjp,
} from "../ts/index.ts";
import { bad, badMasks, few, lists } from "./augmentation-cases.ts";
import { codeOf } from "./code-of.ts";
import { random } from "./paths.ts";
import { onEachBackend } from "./tfjs-backends.ts";

const numbers = (count: number, seed: number): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length: count }, () => next() - 0.5);
};
const list = (x: Iterable<number>) => [...x];
const [batch, length, channels] = [3, 12, 2];
const shape: [number, number, number] = [batch, length, channels];
const data = numbers(batch * length * channels, 1);

beforeAll(async () => {
  await init({ variant: "simd" });
});

onEachBackend(() => {
  test.each(lists(2).map((augment) => [JSON.stringify(augment), augment] as const))(
    "the op and its gradient: %s",
    (_, augment) => {
      tf.tidy(() => {
        for (const options of [
          { depth: 3 },
          { depth: 2, stream: true },
          { depth: 2, inverse: true, lengths: [12, 4, 9] },
        ]) {
          const given = { ...options, augment };
          const x = tf.tensor(data, shape);
          const wanted = signatureOf({ data, shape }, given);
          const got = signature(x, given);
          expect(got.shape).toEqual(wanted.shape);
          expect(list(got.dataSync())).toEqual(list(wanted.data));
          const cotangent = numbers(wanted.data.length, 4);
          const dx = tf.grad((z: tf.Tensor) => tf.sum(tf.mul(signature(z, given), tf.tensor(cotangent, got.shape))))(x);
          expect(dx.shape).toEqual(shape);
          expect(list(dx.dataSync())).toEqual(list(signatureWithVjp({ data, shape }, given)[1](cotangent).paths.data));
        }
      });
    },
  );

  test("masks, and log-signatures", () => {
    const holes = data.map((x, i) => (i % 7 === 3 ? Number.NaN : x));
    const options = { depth: 3, mask: { missing: "nan" }, augment: ["penOnOff", "time"] } as const;
    tf.tidy(() => {
      const x = tf.tensor(holes, shape);
      expect(list(signature(x, options).dataSync())).toEqual(list(signatureOf({ data: holes, shape }, options).data));
      expect(list(logSignature(x, options).dataSync())).toEqual(
        list(logSignatureOf({ data: holes, shape }, options).data),
      );
    });
  });

  test("wrong lists and masks are the library's errors", () => {
    tf.tidy(() => {
      const x = tf.tensor(data.subarray(0, 24), [12, 2]);
      for (const [augment, kind] of bad) {
        const options = { depth: 2, augment: augment as Augmentation[] };
        expect(
          codeOf(() => signature(x, options)),
          JSON.stringify(augment),
        ).toBe(`AUGMENT_${kind}`);
      }
      for (const [mask, code] of badMasks)
        expect(codeOf(() => signature(x, { depth: 2, mask: mask as never }))).toBe(code);
    });
  });

  describe.each([
    ["SigLayer", SigLayer, signatureOf],
    ["LogSigLayer", LogSigLayer, logSignatureOf],
  ] as const)("%s", (_, Layer, of) => {
    const model = (args: object, withMask = false) => {
      const input = tfl.input({ shape: [length, channels] });
      const there = withMask ? (tfl.layers.masking({ maskValue: -9 }).apply(input) as tfl.SymbolicTensor) : input;
      return tfl.model({ inputs: input, outputs: new Layer(args as never).apply(there) as tfl.SymbolicTensor });
    };

    test.each(few.map((augment) => [JSON.stringify(augment), augment] as const))("%s", async (_, augment) => {
      for (const options of [{ depth: 2 }, { depth: 2, stream: true }]) {
        const typed = augment.map((one) =>
          typeof one === "object" && "scale" in one ? { scale: Float64Array.from(one.scale as number[]) } : one,
        );
        const one = model({ ...options, augment: typed });
        const wanted = of({ data, shape }, { ...options, augment });
        expect(one.outputShape).toEqual([null, ...wanted.shape.slice(1)]);
        const saved: tf.io.ModelArtifacts[] = [];
        await one.save(
          tf.io.withSaveHandler(async (artifacts) => {
            saved.push(JSON.parse(JSON.stringify(artifacts)));
            return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
          }),
        );
        const again = await tfl.loadLayersModel(tf.io.fromMemory(saved[0]!));
        tf.tidy(() => {
          for (const each of [one, again])
            expect(list((each.predict(tf.tensor(data, shape)) as tf.Tensor).dataSync())).toEqual(list(wanted.data));
        });
        for (const each of [one, again]) each.dispose();
      }
    });

    test("masks become lengths of the points that were given, and of streams masks of rows", () => {
      const lengths = [12, 3, 7];
      const padded = data.slice();
      for (const [i, n] of lengths.entries()) padded.fill(-9, (i * length + n) * channels, (i + 1) * length * channels);
      const augment = ["leadLag", "basepoint"] as const;
      const one = model({ depth: 2, augment }, true);
      const stream = new Layer({ depth: 2, augment, stream: true });
      tf.tidy(() => {
        const wanted = of({ data: padded, shape }, { depth: 2, augment, lengths });
        expect(list((one.predict(tf.tensor(padded, shape)) as tf.Tensor).dataSync())).toEqual(list(wanted.data));
        const kept = tf.tensor(
          lengths.flatMap((n) => Array.from({ length }, (_, t) => t < n)),
          [batch, length],
          "bool",
        );
        const mask = stream.computeMask(tf.tensor(padded, shape), kept) as unknown as tf.Tensor;
        expect(mask.shape).toEqual([batch, 2 * length - 1]);
        const rows = lengths.flatMap((n) => Array.from({ length: 2 * length - 1 }, (_, t) => Number(t < 2 * n - 1)));
        expect(list(mask.dataSync())).toEqual(rows);
      });
      one.dispose();
    });

    test("the channel of the argument time comes first", () => {
      const one = model({ depth: 2, time: true, augment: [{ select: ["time", 0] }, "basepoint"] });
      const options = {
        depth: 2,
        augment: [{ time: { normalized: true } }, { select: ["time", 0] }, "basepoint"],
      } as const;
      tf.tidy(() => {
        const got = (one.predict(tf.tensor(data, shape)) as tf.Tensor).dataSync();
        for (const [i, x] of of({ data, shape }, options).data.entries()) expect(got[i]).toBeCloseTo(x, 5);
      });
      one.dispose();
    });

    test("wrong lists are refused when the model is built", () => {
      for (const [augment, kind, text] of bad) {
        // Numbers for each point are looked at when there are points.
        if (
          ["12, one for each", "do not decrease", "mask: { missing }", "a list of numbers"].some((late) =>
            text.startsWith(late),
          )
        )
          continue;
        let caught: unknown;
        try {
          model({ depth: 2, augment });
        } catch (error) {
          caught = error;
        }
        expect(isPathSignatureError(caught) && caught.code, JSON.stringify(augment)).toBe(`AUGMENT_${kind}`);
        expect((caught as Error).message).toContain(text);
      }
      expect(codeOf(() => new Layer({ depth: 2, augment: ["time"], basepoint: true }))).toBe("AUGMENT_TYPE");
    });
  });
});
