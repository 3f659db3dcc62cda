// The limits of this machine for WebAssembly: multiply-adds of the shipped binaries in registers,
// and bytes copied into and out of their memory.

/** Rounds per call: about a tenth of a millisecond, far above the overhead of the call. */
const rounds = 20_000;

/**
 * Floating point operations of such a call: each round is 48 multiply-adds of vectors of 16 bytes.
 */
export const peakFlop = (dtype = "float32") => rounds * 48 * (dtype === "float64" ? 2 : 4) * 2;

/** A contestant that runs at the multiply-add peak, to be sampled in turn with others. */
export const timePeak = (bench, variant, dtype = "float32") =>
  bench.prepare(dtype === "float32" ? `peak ${variant}` : `peak ${variant} ${dtype}`, variant, {
    subject: "peak",
    dtype,
    rounds,
  });

/** Sizes from a staging block to beyond every cache. */
const sizes = [2 ** 18, 2 ** 21, 2 ** 24, 2 ** 26];

export async function measureRoofline(bench) {
  bench.progress.begin("roofline", 1 + sizes.length);
  bench.progress.row("multiply-adds");
  const contestants = [];
  for (const variant of ["relaxed", "simd"]) {
    for (const dtype of ["float32", "float64"]) contestants.push(await timePeak(bench, variant, dtype));
  }
  const times = await bench.time(contestants);
  const peaks = Object.fromEntries(
    Object.entries(times).map(([label, time]) => [
      label,
      { ...time, flops: peakFlop(label.includes("float64") ? "float64" : "float32") / time.min },
    ]),
  );
  bench.progress.step();

  const bandwidths = [];
  for (const bytes of sizes) {
    bench.progress.row(`copies of ${bytes / 2 ** 20} MiB`);
    const copies = [];
    for (const direction of ["in", "out"])
      copies.push(await bench.prepare(direction, "relaxed", { subject: "bandwidth", direction, bytes }));
    bandwidths.push({ bytes, ...(await bench.time(copies)) });
    bench.progress.step();
  }
  return { peaks, bandwidths };
}
