// The service as `npm run edge` starts it in a clone: on the built package, for this machine alone.
// Needs dist (npm run build).

import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { nodes } from "../../../test/packaging/consumer.ts";
import { endProgram, freePort, startProgram } from "../../../test/runtimes/browsers/driven.ts";

const main = join(import.meta.dirname, "..", "main.mjs");

const accepts = (host: string, port: number) =>
  new Promise<boolean>((done) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      done(true);
    }).on("error", () => done(false));
  });

it("runs, says where it listens, and is not reached from elsewhere", async () => {
  const port = await freePort();
  const { process, found } = await startProgram(nodes["Node 24"], [main, String(port)], /"listening":"([^"]+)"/);
  try {
    expect(found[1]).toBe(`http://127.0.0.1:${port}/`);
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${found[1]}signature?depth=2`, {
      method: "POST",
      headers,
      body: "[[0,0],[1,0],[1,1]]",
    });
    expect(((await response.json()) as { data: number[] }).data).toEqual([1, 1, 0.5, 1, 0, 0.5]);
    for (const { address } of Object.values(networkInterfaces()).flatMap((all) => all ?? []))
      expect([address, await accepts(address, port)]).toEqual([address, address === "127.0.0.1"]);
  } finally {
    await endProgram(process);
  }
});

it("listens where it is told to", async () => {
  const port = await freePort();
  const { process, found } = await startProgram(
    nodes["Node 24"],
    [main, String(port), "0.0.0.0"],
    /"listening":"([^"]+)"/,
  );
  try {
    expect(found[1]).toBe(`http://0.0.0.0:${port}/`);
    expect(await accepts("127.0.0.2", port)).toBe(true);
  } finally {
    await endProgram(process);
  }
});
