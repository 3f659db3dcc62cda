// An empty project in a temporary folder with the packed tarball installed in it, as a user would have it. The tests beside
// this file say what must hold there.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export const root = join(import.meta.dirname, "..", "..");

/** The Nodes that programs are run on: the newest line that is tested, and the oldest that is supported. */
export const nodes = {
  "Node 24": join(root, "node_modules", "node", "bin", "node"),
  "Node 20": join(root, "node_modules", "node20", "bin", "node"),
} as const;

/** Why a Node cannot be used here, or undefined. */
export const missing = (node: keyof typeof nodes): string | undefined =>
  existsSync(nodes[node]) ? undefined : `${node} has no build for ${process.platform}-${process.arch} in node_modules`;

export interface Packed {
  /** The tarball's path. */
  readonly tarball: string;
  /** Paths inside the package, sorted. */
  readonly files: readonly string[];
  readonly unpackedSize: number;
}

/** `npm pack` into a folder. Runs no scripts: what is packed is what the build left. */
export async function pack(folder: string): Promise<Packed> {
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
  });
  const answer: unknown = JSON.parse(stdout);
  // A list in older versions of npm, an object by package name in newer ones.
  const [entry] = Object.values(
    answer as Record<string, { filename: string; unpackedSize: number; files: { path: string }[] }>,
  );
  if (!entry) throw new Error(`npm pack said ${stdout}`);
  return {
    tarball: join(folder, entry.filename),
    files: entry.files.map(({ path }) => path).sort(),
    unpackedSize: entry.unpackedSize,
  };
}

/** A temporary project; `close` deletes it. */
export class Consumer {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), "path-signature-")));
  packed!: Packed;

  /** Packs the library and installs it from the tarball alone: no registry is asked. */
  async install(): Promise<void> {
    const tarballs = join(this.folder, "tarball");
    mkdirSync(tarballs);
    this.packed = await pack(tarballs);
    this.write("package.json", JSON.stringify({ name: "consumer", private: true }));
    const quiet = ["--no-audit", "--no-fund", "--no-package-lock"];
    await run("npm", ["install", "--offline", ...quiet, this.packed.tarball], { cwd: this.folder });
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Runs a program of this project; resolves to what it printed, rejects if it fails. */
  async run(program: string, ...args: string[]): Promise<string> {
    // No NODE_OPTIONS, and no loader of the test runner: as in a shell.
    const env = { ...process.env };
    delete env.NODE_OPTIONS;
    delete env.NODE_PATH;
    return (await run(program, args, { cwd: this.folder, env })).stdout;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
