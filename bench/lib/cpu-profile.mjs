// Where a process spent its time, from the profile that `node --cpu-prof` writes: samples of the
// main thread, each with the functions that called each other.

import { readFileSync } from "node:fs";

/**
 * Seconds of each kind of work.
 * @param file - a .cpuprofile
 * @param kindOf - the kind of a function by its name and the end of its file's path; `undefined`:
 *   that of its caller
 */
export function secondsByKind(file, kindOf) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, "utf8"));
  const kinds = new Map();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const visit = (node, caller) => {
    const { functionName, url } = node.callFrame;
    const kind = kindOf(functionName, url) ?? caller;
    kinds.set(node.id, kind);
    for (const child of node.children ?? []) visit(byId.get(child), kind);
  };
  visit(nodes[0], "other");
  const seconds = {};
  samples.forEach((id, i) => {
    const kind = kinds.get(id);
    seconds[kind] = (seconds[kind] ?? 0) + timeDeltas[i] / 1e6;
  });
  return seconds;
}
