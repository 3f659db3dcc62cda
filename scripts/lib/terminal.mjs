// Prints one line per step with its title and time; while a step runs, a clock (a spinner on a
// terminal, a line every few seconds elsewhere). Also runs commands, and keeps their output in case
// they fail. Knows nothing about the steps themselves.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const terminal = process.stdout.isTTY === true && process.env.TERM !== "dumb" && !process.env.CI;
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/**
 * Interval of the spinner on a terminal; a log gets its first line after two seconds, then one
 * every ten.
 */
const spinnerMs = 100;
const firstNoticeMs = 2_000;
const noticeMs = 10_000;

const running = new Map();
let timer;
let nextNotice = 0;
let drawn = false;

const seconds = (ms) => (ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);

function clear() {
  if (drawn) process.stdout.write("\r\x1b[2K");
  drawn = false;
}

function draw() {
  const now = Date.now();
  if (!terminal && now < nextNotice) return;
  const line = [...running]
    .map(([title, { start, detail }]) => `${title} ${seconds(now - start)}${detail && ` (${detail})`}`)
    .join(", ");
  if (terminal) {
    clear();
    process.stdout.write(
      `${frames[Math.floor(now / spinnerMs) % frames.length]} ${line}`.slice(0, (process.stdout.columns || 100) - 1),
    );
    drawn = true;
  } else {
    nextNotice = now + noticeMs;
    console.log(`  … ${line}`);
  }
}

/** Prints a line without disturbing the spinner. */
export function say(line) {
  clear();
  console.log(line);
}

/**
 * Runs `work(report)` as a step. `report(text)` sets the text beside the clock. The final line has
 * the title, the result of `work` if it is a string, and the time.
 */
export async function step(title, work) {
  const start = Date.now();
  const state = { start, detail: "" };
  running.set(title, state);
  if (timer === undefined) {
    nextNotice = start + firstNoticeMs;
    timer = setInterval(draw, terminal ? spinnerMs : 500);
  }
  let mark = "✗";
  let result;
  try {
    result = await work((text) => {
      state.detail = text;
    });
    mark = "✓";
    return result;
  } finally {
    running.delete(title);
    if (running.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    say(`${mark} ${title}${typeof result === "string" ? `: ${result}` : ""} (${seconds(Date.now() - start)})`);
  }
}

/** An error that the user can correct: printed as text, without a stack. */
export class Fault extends Error {
  constructor(message, fix) {
    super(
      fix
        ? `${message}\n\nTo fix it:\n${[fix]
            .flat()
            .map((line) => `    ${line}`)
            .join("\n")}`
        : message,
    );
  }
}

/** Last lines of a command's output, enough to see why it failed. */
const tailLines = 60;

/**
 * Runs a command and resolves to its output (both streams); a failure is a Fault with the end of
 * the output. `onLine` receives every line.
 */
export function command(file, args, { env = {}, cwd, onLine } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const take = (chunk) => {
      output += chunk;
      if (!onLine) return;
      for (const line of chunk.split(/\r?\n/)) if (line.trim()) onLine(line.trim());
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", (error) => reject(new Fault(`${file} could not be started: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(output);
      const tail = output.trimEnd().split("\n").slice(-tailLines).join("\n");
      const fault = new Fault(`${[file, ...args].join(" ")}\nended with ${signal ?? `exit status ${code}`}:\n${tail}`);
      fault.output = output;
      reject(fault);
    });
  });
}

/**
 * Runs a command attached to this terminal; resolves to its exit status. `stderr` is a file for its
 * stderr; `onLine` gets every line of stdout, for commands that run beside others.
 */
export function foreground(file, args, { env = {}, cwd, stderr = "inherit", onLine } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = ["inherit", onLine ? "pipe" : "inherit", stderr];
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio });
    if (onLine) createInterface({ input: child.stdout }).on("line", onLine);
    child.on("error", (error) => reject(new Fault(`${file} could not be started: ${error.message}`)));
    child.on("close", (code, signal) => resolve(signal ? 1 : code));
  });
}

/** Runs a script's main function; faults are printed as text, other errors with their stack. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    clearInterval(timer);
    clear();
    console.error(error instanceof Fault ? `\n${error.message}\n` : error);
    process.exitCode = 1;
  }
}
