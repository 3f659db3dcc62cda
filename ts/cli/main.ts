#!/usr/bin/env node

// `npx path-signature`: reads the command line, runs a command, prints, and sets the exit code.

import { version } from "../generated/version.ts";
import { isPathSignatureError, reasonOf } from "../input/errors.ts";
import { readArguments, Values } from "./arguments.ts";
import { exitCodes, Fault } from "./fault.ts";
import { features, Interrupted, type Summary } from "./features.ts";
import { generalHelp, helpOf } from "./help.ts";
import { bench, information } from "./info.ts";
import { inspect } from "./inspect.ts";
import { kernel } from "./kernel.ts";
import { removeLeftovers } from "./leftovers.ts";
import { textOf } from "./text.ts";

/** Milliseconds after Ctrl-C in which a command has to stop by itself. */
const patience = 800;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** A value as JSON; ids may be big integers. */
const asJson = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? Number(one) : one));

async function run(given: readonly string[], signal: AbortSignal): Promise<void> {
  const read = readArguments(given);
  if (read === "help") return print(generalHelp());
  if (read === "version") return print(version);
  const { command, files } = read;
  const values = new Values(read);
  if (values.has("help")) return print(helpOf(command));
  const commands: Record<typeof command, () => Promise<Summary>> = {
    features: () => features(values, files, signal),
    kernel: () => kernel(values, files, signal),
    inspect: () => inspect(values, files, signal),
    bench: () => bench(values, signal),
    info: information,
  };
  const summary = await commands[command]();
  if (values.has("json")) return print(asJson(summary));
  const text = textOf(command, summary);
  // Features may go to stdout.
  if (command === "features") process.stderr.write(`${text}\n`);
  else print(text);
}

const isJson = process.argv.includes("--json");

/** Says what went wrong. @returns the exit code */
function report(error: unknown): number {
  const isMissing = isPathSignatureError(error) && error.code === "PEER_MISSING";
  const isExpected = error instanceof Fault || error instanceof Interrupted || isPathSignatureError(error);
  const code =
    error instanceof Fault
      ? error.exitCode
      : error instanceof Interrupted
        ? exitCodes.interrupted
        : isMissing
          ? exitCodes.missing
          : isExpected
            ? exitCodes.failed
            : exitCodes.internal;
  const message = isExpected || !(error instanceof Error) ? reasonOf(error) : `${error.stack}`;
  if (isJson) print(asJson({ error: { message, exitCode: code } }));
  process.stderr.write(`path-signature: ${message}\n`);
  return code;
}

const controller = new AbortController();
process.once("SIGINT", () => {
  controller.abort(new Fault("Interrupted; no file was written.", exitCodes.interrupted));
  // What does not stop by itself is ended; its files have temporary names.
  setTimeout(() => {
    removeLeftovers();
    process.stderr.write("path-signature: Interrupted; no file was written.\n");
    process.exit(exitCodes.interrupted);
  }, patience).unref();
});
// A reader of stdout that has enough, such as head.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

try {
  await run(process.argv.slice(2), controller.signal);
} catch (error) {
  // Whatever failed when it was interrupted failed for that.
  const { aborted, reason } = controller.signal;
  process.exitCode = report(aborted && !(error instanceof Interrupted) ? reason : error);
}
