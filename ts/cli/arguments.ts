// The command line, read strictly: every name is known, every value is one that is accepted.

import { parseArgs } from "node:util";
import { nearest } from "../input/unknown-option.ts";
import { type CommandName, type CommandSpec, commands } from "./commands.ts";
import { wrongArguments } from "./fault.ts";

/** Files and options of a command, as texts. */
export interface Arguments {
  readonly command: CommandName;
  readonly files: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

const meant = (name: string, known: readonly string[], dashes: string): string => {
  const near = nearest(name, known);
  return near === undefined ? "" : `, did you mean ${dashes}${near}?`;
};

/**
 * @returns the command; "help" or "version"
 * @throws Fault for an unknown command, an unknown or repeated option, a value that is missing
 */
export function readArguments(given: readonly string[]): Arguments | "help" | "version" {
  const [first, ...rest] = given;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") return "help";
  if (first === "--version") return "version";
  const names = Object.keys(commands);
  if (!names.includes(first))
    throw wrongArguments(`Unknown command ${first}${meant(first, names, "")} Commands: ${names.join(", ")}`);
  const command = first as CommandName;
  const specs: CommandSpec["options"] = commands[command].options;
  const { tokens } = parseArgs({
    args: rest,
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { value }]) => [
        name,
        { type: value === undefined ? "boolean" : "string", ...(name === "help" && { short: "h" }) } as const,
      ]),
    ),
  });
  const files: string[] = [];
  const options = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "positional") files.push(token.value);
    if (token.kind !== "option") continue;
    const { name, value } = token;
    const spec = specs[name];
    if (spec === undefined) {
      const accepted = Object.keys(specs).map((known) => `--${known}`);
      const near = meant(name, Object.keys(specs), "--");
      throw wrongArguments(`Unknown option ${token.rawName}${near} Options of ${command}: ${accepted.join(", ")}`);
    }
    if (options.has(name)) throw wrongArguments(`--${name} is given twice.`);
    if (spec.value === undefined && value !== undefined)
      throw wrongArguments(`--${name} takes no value, not ${value}.`);
    if (spec.value !== undefined && (value === undefined || value === "" || (!token.inlineValue && /^--/.test(value))))
      throw wrongArguments(`--${name} takes a value: ${spec.text}.`);
    options.set(name, value ?? "");
  }
  return { command, files, options };
}

/** Reads values, with the defaults of the command. */
export class Values {
  readonly #given: Arguments;
  readonly #specs: CommandSpec["options"];

  constructor(given: Arguments) {
    this.#given = given;
    this.#specs = commands[given.command].options;
  }

  text(name: string): string | undefined {
    return this.#given.options.get(name) ?? this.#specs[name]?.default;
  }

  has(name: string): boolean {
    return this.#given.options.has(name);
  }

  /** Parts separated by commas. */
  list(name: string): string[] | undefined {
    const parts = this.text(name)
      ?.split(",")
      .map((part) => part.trim());
    if (parts?.includes("")) throw wrongArguments(`--${name} takes names separated by commas, not ${this.text(name)}.`);
    return parts;
  }

  oneOf<T extends string>(name: string, all: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value !== undefined && !all.includes(value as T))
      throw wrongArguments(`--${name} takes ${all.join(", ")}, not ${value}${meant(value, all, "")}`);
    return value as T | undefined;
  }

  /** A whole number, at least `least`. */
  whole(name: string, least = 1): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < least)
      throw wrongArguments(`--${name} takes a whole number from ${least} on, not ${value}.`);
    return number;
  }

  /** `--threads`: a number, or "auto". */
  threads(): number | "auto" {
    return this.text("threads") === "auto" ? "auto" : (this.whole("threads") as number);
  }

  device(): "auto" | "cpu" | "webgpu" {
    return this.oneOf("device", ["auto", "cpu", "webgpu"]) as "auto" | "cpu" | "webgpu";
  }
}
