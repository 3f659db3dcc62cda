// What the page asks the worker, and what it answers. Types only.

export interface Toggles {
  readonly time: boolean;
  readonly leadLag: boolean;
  readonly basepoint: boolean;
  readonly invisibilityReset: boolean;
}

/** Points (x, y) one after the other, and the time of each in seconds. */
export interface Drawing {
  readonly points: Float64Array;
  readonly times: Float64Array;
}

export interface PathQuestion {
  readonly kind: "path";
  readonly drawing: Drawing;
  /** A drawing to compare with. */
  readonly before: Drawing | undefined;
  readonly depth: number;
  readonly toggles: Toggles;
  /** The word whose gradient is asked for: letters are channels. */
  readonly word: readonly number[] | undefined;
}

export interface PathAnswer {
  /** Names of the augmented channels. */
  readonly names: readonly string[];
  readonly depth: number;
  /** The signature, level after level. */
  readonly signature: Float64Array;
  /** The log-signature in the Lyndon basis, and the word of each coordinate. */
  readonly logSignature: Float64Array;
  readonly logWords: readonly (readonly number[])[];
  /** Half of the difference of the words (x, y) and (y, x) of the drawing itself. */
  readonly area: number;
  /** Of the coefficient of the word, (points, 2). */
  readonly gradient: Float64Array | undefined;
  /** For each level, |S − S′| / max(|S|, |S′|), S′ that of the drawing before. */
  readonly change: readonly number[] | undefined;
  readonly milliseconds: number;
}

export interface LearnQuestion {
  readonly kind: "learn";
  readonly classes: readonly string[];
  readonly drawings: readonly { readonly drawing: Drawing; readonly label: number }[];
}

export interface LearnAnswer {
  /** counts[truth][guess], each drawing guessed by what the others teach. */
  readonly counts: readonly (readonly number[])[];
  readonly right: number;
  readonly total: number;
}

export interface GuessQuestion {
  readonly kind: "guess";
  readonly drawing: Drawing;
}

export interface GuessAnswer {
  /** Of each class; undefined before anything was learned. */
  readonly scores: readonly number[] | undefined;
}

/** Channels of a recording, scaled; (length, channels). */
export interface Recording {
  readonly data: Float64Array;
  readonly channels: number;
}

export interface WindowsQuestion {
  readonly kind: "windows";
  readonly recording: Recording;
  readonly length: number;
  readonly step: number;
  readonly depth: number;
}

export interface WindowsAnswer {
  readonly windows: number;
  readonly size: number;
  readonly words: readonly (readonly number[])[];
  /** (windows, size) */
  readonly data: Float64Array;
  readonly milliseconds: number;
}

export interface CompareQuestion {
  readonly kind: "compare";
  readonly first: Recording;
  readonly second: Recording;
  readonly length: number;
  readonly step: number;
}

export interface CompareAnswer {
  /** Windows of the first recording by those of the second: normalised signature kernels. */
  readonly shape: readonly [number, number];
  readonly data: Float64Array;
  readonly milliseconds: number;
}

/** Answers by kind of question. */
export interface Answers {
  readonly path: PathAnswer;
  readonly learn: LearnAnswer;
  readonly guess: GuessAnswer;
  readonly windows: WindowsAnswer;
  readonly compare: CompareAnswer;
}

export type Question = PathQuestion | LearnQuestion | GuessQuestion | WindowsQuestion | CompareQuestion;
export type Kind = keyof Answers;

/** URLs of the binaries, by name. Only the page knows where it was loaded from. */
export type Binaries = Readonly<Record<"relaxed" | "simd" | "kernels-relaxed" | "kernels-simd", string>>;

export type ToWorker =
  | { readonly binaries: Binaries }
  | { readonly id: number; readonly question: Question }
  /** Loads what is loaded late otherwise, so that the page goes on without a network. */
  | { readonly loadAll: true };

export type FromWorker =
  | { readonly ready: string }
  /** The files that the worker has loaded. */
  | { readonly loadedAll: readonly string[] }
  | { readonly id: number; readonly answer: Answers[Kind] }
  | { readonly id: number | undefined; readonly error: string };
