// Files and folders that must not stay behind when a command is ended before it is done.

import { rmSync } from "node:fs";

const paths = new Set<string>();

/** Names a path that exists for the time being. */
export const expectRemoval = (path: string): void => void paths.add(path);

/** The path is gone, or stays. */
export const forget = (path: string): void => void paths.delete(path);

/** Removes what is left. */
export function removeLeftovers(): void {
  for (const path of paths) rmSync(path, { recursive: true, force: true });
}
