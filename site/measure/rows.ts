// What is measured, and the messages between page and worker.

export interface Row {
  readonly batch: number;
  readonly points: number;
  readonly channels: number;
  readonly depth: number;
}

/** Rows of the benchmark's table. */
export const rows: readonly Row[] = [
  { batch: 256, points: 1000, channels: 2, depth: 2 },
  { batch: 256, points: 1000, channels: 2, depth: 6 },
  { batch: 256, points: 1000, channels: 3, depth: 3 },
  { batch: 256, points: 1000, channels: 4, depth: 4 },
  { batch: 256, points: 1000, channels: 8, depth: 3 },
  { batch: 32, points: 1000, channels: 16, depth: 3 },
];

export const nameOf = ({ batch, points, channels, depth }: Row): string => `${batch}×${points}×${channels}^${depth}`;

declare global {
  /** The folder of the site, which a script in the head of every page finds (site/lib/base.ts). */
  var siteBase: string | undefined;
}

export interface ToMeasure {
  /** For the engine in the worker, which starts workers from there. */
  readonly siteBase: string | undefined;
  readonly binaries: Readonly<Record<"relaxed" | "simd", string>>;
}

export type FromMeasure =
  | { readonly row: number; readonly one: number; readonly all: number }
  | { readonly done: string }
  | { readonly error: string };
