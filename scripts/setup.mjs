// Brings what building and testing need and this machine lacks: npm dependencies, a Rust toolchain, wasm-pack and
// wasm-bindgen, a C linker, browsers, a Vulkan driver. Runs on any Node from 20, before anything is installed. Costs well under a second when nothing is missing:
// it then only compares stamps and looks whether files exist. Every npm script starts with it (start.mjs).
//
//   node scripts/setup.mjs

import { pathToFileURL } from "node:url";
import * as browsers from "./lib/browsers.mjs";
import * as cargoTools from "./lib/cargo-tools.mjs";
import { aptInstall, getRust, isDebian, isRoot } from "./lib/get-rust.mjs";
import { exclusively } from "./lib/lock.mjs";
import * as npm from "./lib/npm.mjs";
import { at } from "./lib/project.mjs";
import { onPath, remembered } from "./lib/rust.mjs";
import { Fault, main, say, step } from "./lib/terminal.mjs";
import * as webgpu from "./lib/webgpu.mjs";

const oldestNode = 20;

/** rustc links what runs on this machine (build scripts, tests, tools) with the C compiler. */
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

const missing = () => ({
  npm: !npm.isComplete(),
  linker: !hasLinker(),
  rust: !remembered(),
  tools: cargoTools.tools.filter((tool) => !cargoTools.isPresent(tool)),
  browsers: browsers.missingPackages(),
  webgpu: webgpu.missingPackages(),
});

const anything = (what) =>
  what.npm || what.linker || what.rust || [what.tools, what.browsers, what.webgpu].some(({ length }) => length > 0);

async function bring(what) {
  async function rustSide() {
    if (what.linker) await step("C compiler", linker);
    if (what.rust) {
      await step("Rust toolchain", async (report) => {
        const { version, folder } = await getRust(report);
        return `${version} in ${folder}`;
      });
    }
    const toolchain = remembered();
    // One after the other in one folder: most of the crates under them are the same.
    for (const tool of what.tools) {
      await step(`${tool.crate} ${tool.version}`, (report) => cargoTools.install(tool, toolchain, report));
    }
    if (what.tools.length > 0) cargoTools.clean();
  }
  // Waits for the other use of apt, which locks itself.
  const browserSide = async () => {
    if (what.browsers.length > 0) await step("browsers for tests", browsers.bring);
    if (what.webgpu.length > 0) await step("WebGPU without a GPU, for tests", webgpu.bring);
  };
  const npmSide = async () => what.npm && step("npm dependencies", npm.install);
  // Side by side: npm waits for the network while cargo keeps the cores busy. A failure waits for the other side, so that
  // the next run starts from what did succeed.
  const results = await Promise.allSettled([npmSide(), rustSide(), browserSide()]);
  const reasons = results.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  const unexpected = reasons.find((reason) => !(reason instanceof Fault));
  if (unexpected) throw unexpected;
  if (reasons.length > 0) throw new Fault(reasons.map(({ message }) => message).join("\n\n"));
}

export async function setup() {
  const node = Number(process.versions.node.split(".")[0]);
  if (node < oldestNode)
    throw new Fault(
      `Node ${process.versions.node} is too old: ${oldestNode} or later is needed.`,
      "https://nodejs.org/en/download",
    );
  if (!anything(missing())) return false;
  await exclusively(
    at("target", ".setup-lock"),
    // Asked again: another process may have brought it while this one waited.
    async () => bring(missing()),
    () => say("  … waiting for another setup in this folder"),
  );
  return true;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    if (!(await setup())) say("✓ setup: nothing is missing");
  });
}
