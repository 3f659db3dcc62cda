// comlink by the one path that Node, bundlers and TypeScript all take to its ES module: its
// package.json names that only in a field that Node does not read.

declare module "comlink/dist/esm/comlink.mjs" {
  export { type Endpoint, expose, proxy, type Remote, releaseProxy, transfer, wrap } from "comlink";
}

declare module "comlink/dist/esm/node-adapter.mjs" {
  import type { Endpoint } from "comlink";

  /** Makes a Node worker, port or parent port look like one of the web. */
  export default function nodeEndpoint(port: unknown): Endpoint;
}
