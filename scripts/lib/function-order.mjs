// An order of a binary's functions in which similar ones are near each other. gzip finds
// repetitions within 32 KiB only, and a kernel has an instance for each number type and number of
// channels.
//
// The order is written into the names of the functions, by which wasm-opt sorts them.

/** What gzip looks back over. */
const windowBytes = 32768;
/** Bytes of the pieces of code that are compared; their hashes have 20 bits. */
const pieceBytes = 5;
const hashes = 1 << 20;

/** Reads numbers and bytes of a binary. */
class Reader {
  at = 8;
  constructor(bytes) {
    this.bytes = bytes;
  }
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }
  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

function leb(n) {
  const bytes = [];
  for (let rest = n; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
const sized = (...parts) => Buffer.concat([leb(parts.reduce((sum, part) => sum + part.length, 0)), ...parts]);

/** Sections: their numbers and contents, of custom ones the name. */
function sections(bytes) {
  const reader = new Reader(bytes);
  const found = [];
  while (reader.at < bytes.length) {
    const begin = reader.at;
    const id = reader.number();
    const length = reader.number();
    const content = new Reader(bytes.subarray(0, reader.at + length));
    content.at = reader.at;
    const name = id === 0 ? content.take(content.number()).toString() : undefined;
    reader.at += length;
    found.push({ id, name, content, whole: bytes.subarray(begin, reader.at) });
  }
  return found;
}

/** Imported functions have the first numbers. Memories and functions are all that is imported. */
function importedFunctions(reader) {
  let functions = 0;
  for (let left = reader.number(); left > 0; left--) {
    reader.take(reader.number());
    reader.take(reader.number());
    const kind = reader.number();
    const flags = reader.number();
    if (kind === 0) functions++;
    else if (kind === 2) for (let numbers = flags & 1 ? 2 : 1; numbers > 0; numbers--) reader.number();
    else throw new Error(`an import of kind ${kind}`);
  }
  return functions;
}

function bodies(reader) {
  return Array.from({ length: reader.number() }, () => reader.take(reader.number()));
}

function piecesOf(body) {
  const pieces = new Set();
  for (let i = 0; i + pieceBytes <= body.length; i++) {
    let hash = 0;
    for (let j = 0; j < pieceBytes; j++) hash = (Math.imul(hash, 31) + body[i + j]) | 0;
    pieces.add(hash & (hashes - 1));
  }
  return Uint32Array.from(pieces);
}

/** Numbers of functions: next is always what has most in common with those of the last 32 KiB. */
function order(functions) {
  const pieces = functions.map(piecesOf);
  const users = new Map();
  for (const [i, own] of pieces.entries())
    for (const piece of own) {
      const known = users.get(piece);
      if (known === undefined) users.set(piece, [i]);
      else known.push(i);
    }
  const seen = new Uint16Array(hashes);
  /** Pieces of each function that have been seen. */
  const common = new Int32Array(functions.length);
  const see = (i) => {
    for (const piece of pieces[i]) if (seen[piece]++ === 0) for (const user of users.get(piece)) common[user]++;
  };
  const forget = (i) => {
    for (const piece of pieces[i]) if (--seen[piece] === 0) for (const user of users.get(piece)) common[user]--;
  };
  const left = new Set(functions.keys());
  const ordered = [];
  let [size, first] = [0, 0];
  while (left.size > 0) {
    let [next, most] = [0, -1];
    for (const i of left) {
      const score = common[i] / (pieces[i].length + 20) ** 0.8;
      if (score > most) [next, most] = [i, score];
    }
    left.delete(next);
    ordered.push(next);
    see(next);
    size += functions[next].length;
    for (; size > windowBytes && first < ordered.length - 1; first++) {
      size -= functions[ordered[first]].length;
      forget(ordered[first]);
    }
  }
  return ordered;
}

/** The binary with names by which its functions are in this order. Other names are dropped. */
export function namedInOrder(bytes) {
  const parts = sections(bytes);
  const imports = parts.find(({ id }) => id === 2);
  const firstFunction = imports ? importedFunctions(imports.content) : 0;
  const functions = bodies(parts.find(({ id }) => id === 10).content);
  const rank = new Map(order(functions).map((index, place) => [index, place]));
  const names = functions.map((_, index) =>
    Buffer.concat([leb(firstFunction + index), sized(Buffer.from(`f${String(rank.get(index)).padStart(6, "0")}`))]),
  );
  const functionNames = Buffer.concat([Buffer.from([1]), sized(leb(names.length), ...names)]);
  const section = Buffer.concat([Buffer.from([0]), sized(sized(Buffer.from("name")), functionNames)]);
  const kept = parts.filter(({ name }) => name !== "name").map(({ whole }) => whole);
  return Buffer.concat([bytes.subarray(0, 8), ...kept, section]);
}
