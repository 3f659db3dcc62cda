// DuckDB, an optional package: opened with bounded memory, and with a folder for what does not fit.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { reasonOf } from "../input/errors.ts";
import { peer } from "../tables/peer.ts";
import { Fault } from "./fault.ts";
import { expectRemoval, forget } from "./leftovers.ts";

/** Memory of all that a database holds; more goes to a temporary folder. */
const memoryLimit = "64MB";

/** A database in memory. `using` it closes it and removes its folder. */
export class Database implements AsyncDisposable {
  readonly #instance: DuckDBInstance;
  readonly #folder: string;
  readonly #connections: DuckDBConnection[] = [];
  readonly #signal: AbortSignal;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(instance: DuckDBInstance, folder: string, signal: AbortSignal) {
    this.#instance = instance;
    this.#folder = folder;
    this.#signal = signal;
    signal.addEventListener("abort", this.#stop);
  }

  /** @param signal - ends all queries. @throws PathSignatureError PEER_MISSING */
  static async open(signal: AbortSignal): Promise<Database> {
    const { DuckDBInstance } = await peer("@duckdb/node-api", () => import("@duckdb/node-api"));
    const folder = await mkdtemp(join(tmpdir(), "path-signature-"));
    expectRemoval(folder);
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: memoryLimit,
      temp_directory: folder,
    });
    return new Database(instance, folder, signal);
  }

  /** A connection that ends with the database. Queries of several run side by side. */
  async connect(): Promise<DuckDBConnection> {
    this.#signal.throwIfAborted();
    const connection = await this.#instance.connect();
    this.#connections.push(connection);
    return connection;
  }

  /** Again and again: a query that begins forgets interrupts that came before. */
  readonly #stop = (): void => {
    const interrupt = () => {
      for (const connection of this.#connections) connection.interrupt();
    };
    interrupt();
    this.#timer ??= setInterval(interrupt, 50);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#signal.removeEventListener("abort", this.#stop);
    for (const connection of this.#connections) connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#folder, { recursive: true, force: true });
    forget(this.#folder);
  }
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Lines of a message of DuckDB that say what happened; more of them list settings. */
const linesOfDatabase = 3;

/** An error of DuckDB, as one about files. */
export const databaseFault = (files: readonly string[], error: unknown): Fault =>
  new Fault(`${files.join(", ")}: ${reasonOf(error).split(/\n+/).slice(0, linesOfDatabase).join(" ")}`);
