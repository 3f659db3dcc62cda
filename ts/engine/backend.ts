// The devices that calls of an engine can run on. Types only.

export type { CallContext, Progress } from "../pool/call.ts";

/** A device that calls can run on. */
export type Device = "cpu" | "webgpu";
