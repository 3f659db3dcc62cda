// The texts of --help.

import { type CommandName, type CommandSpec, commands } from "./commands.ts";

const rows = (pairs: readonly (readonly [string, string])[]): string[] => {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
};

export function generalHelp(): string {
  return [
    "path-signature: features of time series by path signatures",
    "",
    "Usage: path-signature COMMAND [FILES] [OPTIONS]",
    "",
    ...rows(Object.entries<CommandSpec>(commands).map(([name, { files, text }]) => [`${name} ${files}`.trim(), text])),
    "",
    ...rows([
      ["COMMAND --help", "the options of a command, with examples"],
      ["--version", "the version"],
    ]),
    "",
    "Exit codes: 0 done, 1 data or files are wrong, 2 arguments are wrong, 3 an optional package is missing,",
    "70 a bug, 130 interrupted.",
  ].join("\n");
}

export function helpOf(name: CommandName): string {
  const { files, text, options, examples }: CommandSpec = commands[name];
  const pairs = Object.entries(options).map(([option, { value, text: what, default: standard }]) => {
    const left = value === undefined ? `--${option}` : `--${option} ${value}`;
    return [left, standard === undefined ? what : `${what} (default: ${standard})`] as const;
  });
  return [
    `Usage: path-signature ${name} ${files}`.trim() + (pairs.length > 0 ? " [OPTIONS]" : ""),
    "",
    text,
    "",
    ...rows(pairs),
    ...(examples.length === 0 ? [] : ["", "Examples:", ...examples.map((example) => `  ${example}`)]),
  ].join("\n");
}
