// Augmentations of live streams: after any sequence of calls the signature is that of the
// materialised path (test/materialised.ts), with the lists and the errors of augmentations.test.ts.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Augmentation,
  augmentedChannels,
  augmentedNames,
  createSignatureStream,
  createSignatureStreams,
  isPathSignatureError,
  restoreSignatureStream,
  type SignatureStream,
  signature,
  signatureTransform,
} from "../ts/index.ts";
import { bad, few, indices, lists, plain, withoutPoints } from "./augmentation-cases.ts";
import { codeOf } from "./code-of.ts";
import { augmented, type Path } from "./materialised.ts";

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_240_229) });

/** Whether a stream can know what an augmentation makes of a point. */
const isLive = (one: Augmentation) =>
  one !== "penOnOff" &&
  !(typeof one === "object" && ("penOnOff" in one || ("time" in one && (one.time.times || one.time.normalized))));

/** Whether a window may have a list. */
function isOfWindows(list: readonly Augmentation[]): boolean {
  const nameOf = (one: Augmentation) => (typeof one === "string" ? one : Object.keys(one)[0]!);
  let isShifted = false;
  for (const one of list) {
    const name = nameOf(one);
    if (name === "basepoint" || name === "invisibilityReset") return false;
    if (typeof one === "object" && "leadLag" in one && (one.leadLag.lag ?? 1) > 1) return false;
    if (name === "cumulativeSum" && isShifted) return false;
    if (name === "time" || name === "cumulativeSum") isShifted = true;
    if (name === "differences") isShifted = false;
  }
  return true;
}

const all = [...lists(2), ...few.map((list) => withoutPoints(plain(list, 2)))].filter((list) => list.every(isLive));

function expectAugmented(stream: SignatureStream, points: Path, list: readonly Augmentation[]) {
  const { data } = stream.value();
  expect(stream.length).toBe(points.length);
  if (points.length === 0) {
    expect([...data].every((x) => x === 0)).toBe(true);
    return;
  }
  const { path } = augmented(points, list, indices(2), false);
  const wanted = signature(path, { depth: stream.depth }).data;
  expect(data.length).toBe(wanted.length);
  // Numbers up to the product of the largest steps.
  const largest = 1 + path.reduce((most, point) => Math.max(most, ...point.map(Math.abs)), 0);
  for (const [i, x] of wanted.entries()) {
    const allowed = 1e-13 * path.length * (Math.abs(x) + (2 * largest) ** stream.depth);
    expect(Math.abs(data[i]! - x), `${i}: ${data[i]} and ${x}`).toBeLessThanOrEqual(allowed);
  }
}

const point = fc
  .tuple(fc.integer({ min: -64, max: 64 }), fc.integer({ min: -64, max: 64 }))
  .map(([x, y]) => [x / 64, y / 64]);
const action = fc.oneof(
  fc.record({ push: fc.array(point, { minLength: 1, maxLength: 9 }) }),
  fc.record({ pop: fc.integer({ min: 0, max: 7 }) }),
  fc.constant({ snapshot: true } as const),
);

describe.each(all.map((list) => [JSON.stringify(list), list] as const))("%s", (_, list) => {
  const windows = isOfWindows(list) ? [undefined, 1, 5, Number.POSITIVE_INFINITY] : [undefined];
  test.each(windows)("window %s: any sequence of calls", (window) => {
    const run = fc.property(fc.array(action, { minLength: 1, maxLength: 14 }), (actions) => {
      const options = { channels: 2, depth: 2, augment: list, ...(window && { window }) };
      let stream: SignatureStream = createSignatureStream(options);
      expect([stream.channels, stream.value().channels]).toEqual([2, augmentedChannels(2, list)]);
      let held: Path = [];
      for (const one of actions) {
        if ("push" in one) {
          stream.push(one.push);
          held.push(...one.push);
          if (window) held = held.slice(-window);
        } else if ("pop" in one && window) {
          const count = Math.min(one.pop, held.length);
          stream.popFront(count);
          held = held.slice(count);
        } else if ("snapshot" in one) {
          const before = [...stream.value().data];
          const bytes = stream.snapshot();
          stream[Symbol.dispose]();
          stream = restoreSignatureStream(bytes);
          expect([...stream.value().data]).toEqual(before);
        }
        expectAugmented(stream, held, list);
      }
      stream[Symbol.dispose]();
    });
    fc.assert(run, { numRuns: 8 });
  });
});

test("many streams are each a stream", () => {
  for (const list of all.slice(-few.length)) {
    const options = { channels: 2, depth: 2, augment: list };
    const many = createSignatureStreams(3, options);
    const each = [0, 1, 2].map(() => createSignatureStream(options));
    for (let t = 0; t < 9; t++) {
      const points = [0, 1, 2].map((i) => [Math.sin(t * (i + 1)), Math.cos(t - i)]);
      many.push(points);
      for (const [i, one] of each.entries()) one.push(points[i]!);
      const value = many.value();
      const rows = each.map((one) => [...one.value().data]);
      expect(value.shape).toEqual([3, rows[0]!.length]);
      for (const [i, x] of value.data.entries())
        expect(Math.abs(x - rows.flat()[i]!)).toBeLessThan(1e-12 * (1 + Math.abs(x)));
      expect(value.labels()).toEqual(each[0]!.value().labels());
    }
  }
});

test("labels, a TransformStream, and ends that come and go", async () => {
  const augment = ["time", "leadLag"] as const;
  const stream = createSignatureStream({ channels: 1, depth: 1, augment });
  expect(stream.value().labels()).toEqual(augmentedNames(1, augment));
  const transform = signatureTransform({ channels: 1, depth: 2, augment: ["invisibilityReset"] });
  const writer = transform.writable.getWriter();
  const reader = transform.readable.getReader();
  const path = [[1], [3], [2]];
  for (let t = 0; t < 3; t++) {
    void writer.write(path[t]!);
    const { value } = await reader.read();
    const wanted = signature(path.slice(0, t + 1), { depth: 2, augment: ["invisibilityReset"] }).data;
    for (const [i, x] of value!.data.entries()) expect(Math.abs(x - wanted[i]!)).toBeLessThan(1e-14);
  }
  await writer.close();
});

describe("errors", () => {
  test.each(bad.map((one) => [JSON.stringify(one[0]), ...one] as const))("%s", (_, augment, kind, text) => {
    // Numbers for each point are no part of a stream's options, whatever they are.
    const isPerPoint = ["12, one for each", "do not decrease", "mask: { missing }", "a list of numbers"].some((late) =>
      text.startsWith(late),
    );
    let caught: unknown;
    try {
      createSignatureStream({ channels: 2, depth: 2, augment: augment as Augmentation[] });
    } catch (error) {
      caught = error;
    }
    expect(isPathSignatureError(caught) && caught.code).toBe(`AUGMENT_${isPerPoint ? "TYPE" : kind}`);
    if (!isPerPoint) expect((caught as Error).message).toContain(text);
  });

  test("what streams and windows cannot know is refused with the reason", () => {
    const create =
      (augment: unknown, more = {}) =>
      () =>
        createSignatureStream({ channels: 2, depth: 2, augment: augment as Augmentation[], ...more });
    expect(create([{ time: { times: [0, 1] } }])).toThrow("push the time as a channel");
    expect(create([{ time: { normalized: true } }])).toThrow("does not know where it ends");
    expect(create([{ penOnOff: [1] }])).toThrow("push the pen as a channel");
    for (const list of lists(2).filter((list) => list.every(isLive)))
      expect(codeOf(create(list, { window: 9 })), JSON.stringify(list)).toBe(
        isOfWindows(list) ? undefined : "AUGMENT_TYPE",
      );
    expect(codeOf(create(["time", "cumulativeSum"], { window: 9 }))).toBe("AUGMENT_TYPE");
    expect(codeOf(create(["time", "differences", "cumulativeSum"], { window: 9 }))).toBe(undefined);
    expect(codeOf(create([{ leadLag: { lag: 2 ** 30 } }]))).toBe("AUGMENT_RANGE");
    expect(codeOf(create(["time"], { basepoint: true }))).toBe("AUGMENT_TYPE");
  });

  test("a snapshot of other augmentations is refused", () => {
    const stream = createSignatureStream({ channels: 2, depth: 2, augment: ["time"] });
    const bytes = stream.push([1, 2]).snapshot();
    expect(codeOf(() => restoreSignatureStream(bytes.subarray(0, bytes.length - 8)))).toBe("SNAPSHOT_INVALID");
    const other = bytes.slice();
    other[bytes.length - 3]! ^= 1;
    expect(codeOf(() => restoreSignatureStream(other))).toBe("SNAPSHOT_INVALID");
  });
});
