// Sizes of the shipped files, as they are and compressed as servers do.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { root } from "../lib/machine.mjs";

const files = ["dist/wasm/simd.wasm", "dist/wasm/relaxed.wasm", "dist/wasm/threads.wasm", "dist/index.js"];

export async function measureSize(bench) {
  bench.progress.begin("size", files.length);
  const measured = [];
  for (const file of files) {
    bench.progress.row(file);
    if (existsSync(join(root, file))) {
      const bytes = readFileSync(join(root, file));
      measured.push({
        file,
        bytes: bytes.length,
        gzip: gzipSync(bytes, { level: 9 }).length,
        brotli: brotliCompressSync(bytes).length,
      });
    }
    bench.progress.step();
  }
  return { files: measured };
}
