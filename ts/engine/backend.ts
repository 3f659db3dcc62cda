// Where calls on engines run. Types only.

export type { CallContext, Progress } from "../pool/call.ts";

/** A device that calls can run on. */
export type Device = "cpu" | "webgpu";
