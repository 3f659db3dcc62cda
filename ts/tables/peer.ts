// Loads an optional package that the user installs.

import { failure, reasonOf } from "../input/errors.ts";

/** @throws PathSignatureError PEER_MISSING if it is not there */
export async function peer<M>(name: string, load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch (error) {
    const message = `The package ${name} is needed to read this file (npm install ${name}): ${reasonOf(error)}`;
    throw failure("PEER_MISSING", name, "a package that cannot be loaded", "installed", message, error);
  }
}
