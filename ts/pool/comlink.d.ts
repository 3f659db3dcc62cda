// comlink by the one path that Node, bundlers and TypeScript all resolve to its ES module. Its
// package.json names the module only in a field that Node does not read.

declare module "comlink/dist/esm/comlink.mjs" {
  export { type Endpoint, expose, proxy, type Remote, releaseProxy, transfer, wrap } from "comlink";
}

declare module "comlink/dist/esm/node-adapter.mjs" {
  import type { Endpoint } from "comlink";

  /** Wraps a Node worker, port or parent port in the interface of the web. */
  export default function nodeEndpoint(port: unknown): Endpoint;
}
