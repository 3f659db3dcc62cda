// The commands and their options, as data: arguments.ts reads them, help.ts prints them.

/** An option `--name`. Without `value` it is a flag. */
export interface OptionSpec {
  /** What the value is called in the help. */
  readonly value?: string;
  readonly text: string;
  readonly default?: string;
}

export interface CommandSpec {
  readonly files: string;
  readonly text: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly examples: readonly string[];
}

const json: OptionSpec = { text: "print the result, or the error, as a line of JSON" };
const help: OptionSpec = { text: "print this text" };

/** How files are read. */
const reading = {
  id: { value: "COLUMN", text: "what tells series apart in a long table (default: a file is one series)" },
  sort: { value: "COLUMN", text: "what the rows of a series are sorted by (default: as they are)" },
  channels: { value: "A,B,…", text: "columns of the channels (default: all other columns of numbers)" },
  wide: { text: "a row is a series: columns A_0, A_1, … for each channel A" },
  layout: { value: "NAME", text: "of .npy files: channels-last or channels-first" },
  missing: { value: "WHAT", text: "error, ffill, interpolate or drop-row", default: "error" },
} satisfies Record<string, OptionSpec>;

/** Where calls run. */
const running = {
  threads: { value: "N", text: "number of threads, or auto", default: "auto" },
  device: { value: "NAME", text: "auto, cpu or webgpu", default: "auto" },
  json,
  help,
} satisfies Record<string, OptionSpec>;

const out = (text: string): OptionSpec => ({ value: "FILE", text });

export const commands = {
  features: {
    files: "FILES…",
    text: "Signatures of the series in files: a row for each series, a column for each word.",
    options: {
      depth: { value: "N", text: "the level at which signatures are truncated", default: "3" },
      log: { text: "log-signatures, in the coordinates of Lyndon words" },
      augment: { value: "A,B,…", text: "time, lead-lag, basepoint, invisibility-reset, cumulative-sum, differences" },
      select: { value: "WORDS", text: "words such as x.y,y.x, or levels:2,3 (default: all)" },
      window: { value: "N", text: "features of each window of N points" },
      step: { value: "N", text: "from one window to the next (default: the window, so that none overlap)" },
      ...reading,
      dtype: { value: "NAME", text: "float64 or float32", default: "float64" },
      out: out("where features go: .parquet, .csv, .arrow or .npy (default: CSV on stdout)"),
      ...running,
    },
    examples: [
      "path-signature features pen.csv --id gesture --sort t --channels x,y --out features.parquet",
      "path-signature features 'data/*.parquet' --id id --sort t --depth 2 --log --augment time,basepoint",
      "path-signature features paths.npy --window 64 --step 16 --out windows.npy",
    ],
  },
  kernel: {
    files: "A [B]",
    text: "The signature kernels of all series in A with all in B, or with each other.",
    options: {
      "dyadic-order": { value: "N", text: "refinement of the grid", default: "0" },
      normalize: { text: "divide by the roots of k(x, x) and k(y, y)" },
      log: { text: "natural logarithms, of kernels of any size" },
      ...reading,
      out: out("where the matrix goes, an .npy file"),
      ...running,
    },
    examples: ["path-signature kernel train.npy test.npy --out gram.npy"],
  },
  inspect: {
    files: "FILE",
    text: "What is in a file, how many features it gives at each depth, and a command to begin with.",
    options: { ...reading, json, help },
    examples: ["path-signature inspect pen.csv", "path-signature inspect pen.csv --id gesture"],
  },
  bench: {
    files: "",
    text: "Measures this machine, in about a quarter of a minute.",
    options: running,
    examples: ["path-signature bench --threads 4"],
  },
  info: { files: "", text: "Versions, threads and optional packages.", options: { json, help }, examples: [] },
} as const satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof commands;
