// An empty project in a temporary folder with the packed tarball installed, as a user would have
// it. The tests beside this file check it.

import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { filesUnder, fingerprint } from "../../scripts/lib/fingerprint.mjs";
import { exclusively } from "../../scripts/lib/lock.mjs";

const run = promisify(execFile);

export const root = join(import.meta.dirname, "..", "..");

/** The Nodes that programs run on: the newest supported line, and the oldest. */
export const nodes = {
  "Node 24": join(root, "node_modules", "node", "bin", "node"),
  "Node 20": join(root, "node_modules", "node20", "bin", "node"),
} as const;

/** The reason why a Node cannot be used here, or undefined. */
export const missing = (node: keyof typeof nodes): string | undefined =>
  existsSync(nodes[node]) ? undefined : `${node} has no build for ${process.platform}-${process.arch} in node_modules`;

export interface Packed {
  /** Path of the tarball. */
  readonly tarball: string;
  /** Paths inside the package, sorted. */
  readonly files: readonly string[];
  readonly unpackedSize: number;
}

/** `npm pack` into a folder. Runs no scripts: it packs what the build left. */
export async function pack(folder: string): Promise<Packed> {
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
  });
  const answer: unknown = JSON.parse(stdout);
  // An array in older versions of npm, an object by package name in newer ones.
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

/** Cache of installed projects, each under the fingerprint of what was packed. */
const kept = join(root, "target", "test", "installed");

/**
 * A project with the packed library installed. Created once for all test files, and again when
 * anything that is packed has changed; consumers copy it.
 */
async function installed(): Promise<{ folder: string; packed: Packed }> {
  const print = fingerprint(
    filesUnder("package.json", "dist", "docs", "README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"),
  );
  const folder = join(kept, print.slice(0, 16));
  const description = join(folder, "packed.json");
  if (!existsSync(description)) {
    await exclusively(join(root, "target", "test", ".install-lock"), async () => {
      if (existsSync(description)) return;
      rmSync(kept, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      const packed = await pack(folder);
      writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true }));
      // From the tarball alone, without the registry.
      const quiet = ["--no-audit", "--no-fund", "--no-package-lock"];
      await run("npm", ["install", "--offline", ...quiet, packed.tarball], { cwd: folder });
      writeFileSync(`${description}.part`, JSON.stringify(packed));
      renameSync(`${description}.part`, description);
    });
  }
  return { folder, packed: JSON.parse(readFileSync(description, "utf8")) as Packed };
}

/** A temporary project; `close` deletes it. */
export class Consumer {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), "path-signature-")));
  packed!: Packed;

  /** Installs the library here, from its tarball. */
  async install(): Promise<void> {
    const { folder, packed } = await installed();
    this.packed = packed;
    for (const name of ["package.json", "node_modules"])
      cpSync(join(folder, name), join(this.folder, name), { recursive: true });
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Runs a program of this project; resolves to its output, rejects if it fails. */
  async run(program: string, ...args: string[]): Promise<string> {
    // As in a shell: no NODE_OPTIONS, and no loader of the test runner.
    const env = { ...process.env };
    delete env.NODE_OPTIONS;
    delete env.NODE_PATH;
    return (await run(program, args, { cwd: this.folder, env, maxBuffer: 2 ** 24 })).stdout;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
