// While Dawn in Node waits for its driver, it polls in every turn of the event loop, by
// `setImmediate`: that takes as much of a processor as the compiler that it waits for. Importing
// this file has it poll each millisecond. Immediates of JavaScript stay as they are.

const { setImmediate } = globalThis;

/** Dawn's callback has no name and takes nothing; those of promises and bound ones differ. */
const isDawns = (callback) =>
  callback.length === 0 && callback.name === "" && String(callback).endsWith("{ [native code] }");

globalThis.setImmediate = Object.assign(
  (callback, ...given) => (isDawns(callback) ? setTimeout(callback, 1, ...given) : setImmediate(callback, ...given)),
  setImmediate,
);
