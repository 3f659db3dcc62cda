// Inputs besides points: the rows that every operation on paths reads.

import { region } from "../wasm/abi.ts";
import type { Input } from "./operation.ts";

export const basepointInput: Input = {
  region: region.BASEPOINT,
  per: "item",
  of: ({ basepoint }) => basepoint,
  width: ({ channels }) => channels,
  name: "options.basepoint",
  noun: "channel",
  checked: "before",
};

export const initialInput: Input = {
  region: region.INITIAL,
  per: "item",
  of: ({ initial }) => initial,
  width: ({ size }) => size,
  name: "options.initial",
  noun: "index",
  checked: "before",
};

export const pathInputs: readonly Input[] = [basepointInput, initialInput];
