// Arguments of a part of the bench that has parts, rows and peers of its own.

import { parseArgs } from "node:util";
import { rowFilter } from "../grid.mjs";

/**
 * `--only`, `--peers` (or `none`), `--rows`, `--quick`.
 * @throws Error for names that are not known
 */
export function readPartOptions(args, { partNames, peerNames }) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string" },
      rows: { type: "string" },
      peers: { type: "string" },
      quick: { type: "boolean", default: false },
    },
  });
  const choose = (option, text, known) => {
    const names = text === undefined ? known : text.split(",").filter((name) => name !== "none");
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) throw new Error(`--${option} ${unknown}: give some of ${known.join(", ")}`);
    return names;
  };
  return {
    quick: values.quick,
    only: choose("only", values.only, partNames),
    peers: choose("peers", values.peers, peerNames),
    rows: rowFilter(values.rows),
  };
}
