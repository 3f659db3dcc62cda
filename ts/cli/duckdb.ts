// DuckDB, an optional package: opened with bounded memory, and with a folder for what does not fit.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { reasonOf } from "../input/errors.ts";
import { peer } from "../tables/peer.ts";
import { Fault } from "./fault.ts";

export type Package = typeof import("@duckdb/node-api");

/** Memory of all that a database holds; more goes to a temporary folder. */
const memoryLimit = "128MB";

/** @throws PathSignatureError PEER_MISSING */
export const loadDuckDb = (): Promise<Package> => peer("@duckdb/node-api", () => import("@duckdb/node-api"));

/** A database in memory. `using` it closes it and removes its folder. */
export class Database implements AsyncDisposable {
  readonly package: Package;
  readonly #instance: DuckDBInstance;
  readonly #folder: string;
  readonly #connections: DuckDBConnection[] = [];

  private constructor(library: Package, instance: DuckDBInstance, folder: string) {
    this.package = library;
    this.#instance = instance;
    this.#folder = folder;
  }

  static async open(): Promise<Database> {
    const library = await loadDuckDb();
    const folder = await mkdtemp(join(tmpdir(), "path-signature-"));
    const instance = await library.DuckDBInstance.create(":memory:", {
      memory_limit: memoryLimit,
      temp_directory: folder,
    });
    return new Database(library, instance, folder);
  }

  /** A connection that ends with the database. Queries of several run side by side. */
  async connect(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect();
    this.#connections.push(connection);
    return connection;
  }

  /** Stops what is running. */
  interrupt(): void {
    for (const connection of this.#connections) connection.interrupt();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.interrupt();
    for (const connection of this.#connections) connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Lines of a message of DuckDB that say what happened; more of them list settings. */
const linesOfDatabase = 3;

/** An error of DuckDB, as one about files. */
export const databaseFault = (files: readonly string[], error: unknown): Fault =>
  new Fault(`${files.join(", ")}: ${reasonOf(error).split(/\n+/).slice(0, linesOfDatabase).join(" ")}`);
