// Installs what the machine lacks for building and testing: npm dependencies, a Rust toolchain,
// wasm-pack and wasm-bindgen, a C linker; for tests also browsers and a Vulkan driver. Runs on any
// Node from 20, before anything is installed. Takes well under a second if nothing is missing: it
// then only compares stamps and checks that files exist. Every npm script starts with it
// (start.mjs).
//
//   node scripts/setup.mjs

import { pathToFileURL } from "node:url";
import * as browsers from "./lib/browsers.mjs";
import * as cargoTools from "./lib/cargo-tools.mjs";
import { aptInstall, getRust, isDebian, isRoot } from "./lib/get-rust.mjs";
import { exclusively } from "./lib/lock.mjs";
import * as npm from "./lib/npm.mjs";
import { at } from "./lib/project.mjs";
import * as python from "./lib/python.mjs";
import * as queue from "./lib/queue.mjs";
import { onPath, recentToolchain, remembered } from "./lib/rust.mjs";
import * as spark from "./lib/spark.mjs";
import { Fault, main, say, step } from "./lib/terminal.mjs";
import * as webgpu from "./lib/webgpu.mjs";

const oldestNode = 20;

/** rustc links programs for this machine (build scripts, tests, tools) with the C compiler. */
const hasLinker = () => process.platform === "win32" || ["cc", "gcc", "clang"].some(onPath);

async function linker() {
  const packages = ["gcc", "libc6-dev"];
  if (isDebian() && isRoot()) return aptInstall(packages);
  throw new Fault(
    "A C compiler (cc), with which rustc links, is missing.",
    isDebian()
      ? `sudo apt-get install -y ${packages.join(" ")}`
      : process.platform === "darwin"
        ? "xcode-select --install"
        : "install gcc or clang",
  );
}

/** What tests run in. */
const hostPackages = [browsers, webgpu, python, queue, spark].map(({ packages }) => packages);

/**
 * `hosts`: whether to install browsers and drivers as well; `others`: packages of the documentation
 * and of examples.
 */
const missing = ({ hosts, others }) => ({
  npm: !npm.isComplete(),
  others: others && !npm.areOthersComplete(),
  linker: !hasLinker(),
  rust: !remembered(),
  tools: !cargoTools.isPresent(),
  hosts: hosts ? hostPackages.filter((packages) => packages.missingPackages().length > 0) : [],
});

const anything = ({ npm, others, linker, rust, tools, hosts }) =>
  npm || others || linker || rust || tools || hosts.length > 0;

/**
 * Independent steps in parallel: npm and apt wait for the network while cargo keeps the cores busy.
 */
async function bring(what) {
  const linkerSide = what.linker ? step("C compiler", linker) : Promise.resolve();

  async function rustSide() {
    await linkerSide;
    if (!what.rust) return;
    await step("Rust toolchain", async (report) => {
      const { version, folder } = await getRust(report);
      return `${version} in ${folder}`;
    });
  }

  const rust = rustSide();

  async function toolsSide() {
    if (!what.tools) return;
    await linkerSide;
    // These need a toolchain, but not one that can build the binaries.
    const toolchain = remembered() ?? recentToolchain();
    if (!toolchain) await rust;
    await step(cargoTools.title, (report) => cargoTools.install(toolchain ?? remembered(), report));
  }

  // apt holds a lock, so the build's packages come first.
  async function hostSide() {
    await rust.catch(() => undefined);
    for (const { title, bring } of what.hosts) await step(title, bring);
  }

  async function npmSide() {
    if (what.npm) await step("npm dependencies", npm.install);
    if (what.others) await step("npm dependencies of the site and the queue", npm.installOthers);
  }

  // A failure waits for the others, so that the next run continues from what succeeded.
  const results = await Promise.allSettled([npmSide(), rust, toolsSide(), hostSide()]);
  const reasons = new Set(results.filter(({ status }) => status === "rejected").map(({ reason }) => reason));
  for (const reason of reasons) if (!(reason instanceof Fault)) throw reason;
  if (reasons.size > 0) throw new Fault([...reasons].map(({ message }) => message).join("\n\n"));
}

/**
 * Returns whether anything was installed. `hosts`: also what tests run in; `others`: also packages
 * of the documentation and of examples.
 */
export async function setup({ hosts = true, others = hosts } = {}) {
  const node = Number(process.versions.node.split(".")[0]);
  if (node < oldestNode)
    throw new Fault(
      `Node ${process.versions.node} is too old: ${oldestNode} or later is needed.`,
      "https://nodejs.org/en/download",
    );
  if (!anything(missing({ hosts, others }))) return false;
  await exclusively(
    at("target", ".setup-lock"),
    // Checked again: another process may have installed it in the meantime.
    async () => bring(missing({ hosts, others })),
    () => say("  … waiting for another setup in this folder"),
  );
  return true;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    if (!(await setup())) say("✓ setup: nothing is missing");
  });
}
