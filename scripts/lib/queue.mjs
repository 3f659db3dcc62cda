// Redis, in which the queue of examples/queue lives: from Debian's packages.

import { bringOptional, worthTrying } from "./optional-apt.mjs";
import { onPath } from "./rust.mjs";

const absent = () => (onPath("redis-server") ? [] : ["redis-server"]);

/** Missing Debian packages that can be installed. */
export const missingPackages = () => worthTrying("redis", absent());

/** Installs what is missing; returns a message. */
export const bring = () => bringOptional("redis", absent());

/** What is missing, in words; undefined if nothing is. */
export const missing = absent().length > 0 ? "redis-server is missing" : undefined;
