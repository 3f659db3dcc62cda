// Provides a Rust toolchain that can build the three binaries, in this order: an installed one; the
// missing part by rustup; Debian's packages, as root. Otherwise it stops and lists the commands to
// choose from.

import { existsSync } from "node:fs";
import { remember } from "./fingerprint.mjs";
import { minimumRustVersion } from "./project.mjs";
import { onPath, stampPath, survey } from "./rust.mjs";
import { command, Fault } from "./terminal.mjs";

/**
 * rustc-web and its companions are the recent Rust that Debian provides beside its old one, for
 * building browsers. In a release without them the ordinary packages are recent.
 */
const debianPackages = [
  ["rustc-web", "cargo-web", "rust-web-src", "lld-19"],
  ["rustc", "cargo", "rust-src", "lld"],
];

export const isDebian = () => existsSync("/etc/debian_version") && onPath("apt-get") !== undefined;
export const isRoot = () => process.getuid?.() === 0;

const aptEnvironment = { DEBIAN_FRONTEND: "noninteractive" };

let updated;
/** Package lists are updated once per run, however many steps need them. */
const aptUpdate = () => (updated ??= command("apt-get", ["update", "-qq"], { env: aptEnvironment }));

let installing = Promise.resolve();
/** One installation after the other, since apt locks its lists. */
export function aptInstall(packages) {
  const work = installing.then(async () => {
    await aptUpdate();
    await command("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env: aptEnvironment });
  });
  installing = work.catch(() => undefined);
  return work;
}

const complete = () => survey().find((toolchain) => toolchain.lacks.length === 0);

function choose(toolchain) {
  remember(stampPath, JSON.stringify(toolchain, undefined, 2));
  return toolchain;
}

async function byRustup(report) {
  const rustup = onPath("rustup");
  if (!rustup) return undefined;
  const lacking = survey().find(({ lacks, sysroot }) => lacks.join() === "rust-src" && sysroot.includes("toolchains"));
  if (lacking) {
    report("rustup: rust-src");
    const name = lacking.sysroot.split(/[\\/]/).at(-1);
    await command(rustup, ["component", "add", "rust-src", "--toolchain", name]);
  } else {
    report("rustup: stable toolchain");
    const parts = [
      "--profile",
      "minimal",
      "--component",
      "rust-src",
      "--component",
      "clippy",
      "--component",
      "rustfmt",
    ];
    await command(rustup, ["toolchain", "install", "stable", "--no-self-update", ...parts]);
  }
  return complete();
}

async function byDebian(report) {
  if (!isDebian() || !isRoot()) return undefined;
  report("apt-get update");
  await aptUpdate();
  let failure;
  for (const packages of debianPackages) {
    report(`apt-get install ${packages.join(" ")}`);
    try {
      await aptInstall(packages);
      const toolchain = complete();
      if (toolchain) return toolchain;
    } catch (error) {
      failure = error;
    }
  }
  throw failure ?? new Fault(`Debian's Rust is older than ${minimumRustVersion()}.`);
}

const last = (error) => error.message.trim().split("\n").at(-1);

export async function getRust(report) {
  const present = complete();
  if (present) return choose(present);
  const tried = [];
  for (const way of [byRustup, byDebian]) {
    try {
      const toolchain = await way(report);
      if (toolchain) return choose(toolchain);
    } catch (error) {
      tried.push(last(error));
    }
  }
  const found = survey().map(
    ({ folder, version, lacks }) => `  ${folder}: Rust ${version}, lacks ${lacks.join(" and ")}`,
  );
  throw new Fault(
    [
      `A Rust toolchain (${minimumRustVersion()} or later) with its library's source (rust-src) ` +
        "and a wasm linker is missing.",
      ...(found.length > 0 ? ["Found:", ...found] : ["No Rust was found."]),
      ...tried.map((text) => `Tried: ${text}`),
    ].join("\n"),
    fixes(),
  );
}

function fixes() {
  const rustup = onPath("rustup")
    ? "rustup toolchain install stable --profile minimal --component rust-src"
    : "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- --profile minimal --component rust-src";
  if (!isDebian() || onPath("rustup")) return [rustup];
  const sudo = isRoot() ? "" : "sudo ";
  return [
    `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${debianPackages[0].join(" ")}`,
    `or, without root: ${rustup}`,
  ];
}
