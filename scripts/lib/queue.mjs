// Redis, in which the queue of examples/queue lives: from Debian's packages.

import { optionalPackages } from "./optional-apt.mjs";
import { onPath } from "./rust.mjs";

const absent = () => (onPath("redis-server") ? [] : ["redis-server"]);

export const packages = optionalPackages("redis", "Redis, for tests", absent);

/** What is missing, in words; undefined if nothing is. */
export const missing = absent().length > 0 ? "redis-server is missing" : undefined;
