// How the words of a signature are shared out among invocations: each follows a prefix and a part
// of the tree of words below it, all of it in registers. Pure arithmetic; the WGSL that it becomes
// is kernels/walk.wgsl.ts's.
//
// The coefficients below a prefix depend on those of its own prefixes only, so an invocation that
// also follows the few coefficients from the root to the prefix needs nothing from any other: no
// barrier, no store, before a piece of time is over. Prefixes are computed by every invocation
// below them, so shares should be large; registers limit them.

/** What one invocation follows. */
export interface Share {
  readonly channels: number;
  readonly depth: number;
  /** Levels of the tree below the prefix, which has depth − levels letters. */
  readonly levels: number;
  /** Children of the prefix that are followed: all, or with two levels a group of neighbours. */
  readonly rows: number;
  /** Last letters that are followed: all, or with one or two levels a group of neighbours. */
  readonly columns: number;
}

/** Most coefficients below the prefix: with chains and increments 110 registers. */
const mostCoefficients = 84;
/** Coefficients of the top level where a tree of two levels has to be cut. */
const mostOfTop = 64;
/** Increments are read as vectors of four: a cut between last letters lies at multiples of this. */
const vector = 4;
const mostColumns = 16;

/** Where each level begins in a row; number `depth` + 1 is where the row ends. */
export function levelOffsets(channels: number, depth: number): number[] {
  const offsets = [0, 0];
  for (let k = 1; k <= depth; k++) offsets.push(offsets[k]! + channels ** k);
  return offsets;
}

/** Letters of the prefix. */
export const prefixLength = ({ depth, levels }: Share): number => depth - levels;
/** Groups of children of a prefix. */
export const rowGroups = ({ channels, levels, rows }: Share): number => (levels === 1 ? 1 : Math.ceil(channels / rows));
/** Groups of last letters. */
export const columnGroups = ({ channels, columns }: Share): number => Math.ceil(channels / columns);
/** Whether some groups reach beyond the alphabet. */
export const isPadded = (share: Share): boolean =>
  (share.levels === 2 && rowGroups(share) * share.rows > share.channels) ||
  columnGroups(share) * share.columns > share.channels;
/** Shares that a signature falls into. */
export const shareCount = (share: Share): number =>
  share.channels ** prefixLength(share) * rowGroups(share) * columnGroups(share);

/** Words of lengths 1 … levels. */
function treeSize(channels: number, levels: number): number {
  let size = 0;
  for (let k = 1; k <= levels; k++) size += channels ** k;
  return size;
}

/** Last letters of a share: all, or the multiple of a vector with the least padding. */
function columnsFor(channels: number): number {
  if (channels <= mostColumns) return channels;
  let best = mostColumns;
  const padding = (columns: number) => Math.ceil(channels / columns) * columns - channels;
  for (let columns = mostColumns - vector; columns >= 2 * vector; columns -= vector) {
    if (padding(columns) < padding(best)) best = columns;
  }
  return best;
}

/** The share for whole signatures of two channels or more: as large as registers allow. */
export function shareOf(channels: number, depth: number): Share {
  let levels = Math.min(depth, 2);
  while (levels < depth && treeSize(channels, levels + 1) <= mostCoefficients) levels++;
  if (levels > 2 || treeSize(channels, levels) <= mostCoefficients) {
    return { channels, depth, levels, rows: channels, columns: channels };
  }
  const columns = columnsFor(channels);
  // Groups of equal size: of 9 rows 5 and 4 rather than 7 and 2.
  const groups = Math.ceil(channels / Math.max(1, Math.floor(mostOfTop / columns)));
  return { channels, depth, levels, rows: Math.ceil(channels / groups), columns };
}

/**
 * The share for signatures of every prefix: one word of the top level. There each step writes every
 * coefficient, and neighbours that write neighbouring numbers are worth more than chains that are
 * not followed twice.
 */
export const streamShareOf = (channels: number, depth: number): Share => ({
  channels,
  depth,
  levels: 1,
  rows: 1,
  columns: 1,
});

/**
 * Multiply-adds and multiplications of one step of an invocation (kernels/walk.wgsl.ts): a word
 * with m letters still to come takes m chains, m − 1 divisions and its own coefficient.
 */
export function operationsOf(share: Share): number {
  const { depth, levels, rows, columns, channels } = share;
  const word = (level: number) => (level === depth ? 1 : 2 * (depth - level));
  let sum = 0;
  for (let level = 1; level <= prefixLength(share); level++) sum += word(level);
  if (levels === 1) return sum + columns;
  if (levels === 2) return sum + rows * (word(depth - 1) + columns);
  for (let k = 1; k <= levels; k++) sum += channels ** k * word(depth - levels + k);
  return sum;
}
