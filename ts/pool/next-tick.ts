// "When the event loop has had its turn", in every host.

type Host = { setImmediate?: (work: () => void) => unknown };

let channel: MessageChannel | undefined;
const waiting: (() => void)[] = [];

/** Runs something in a turn of its own of the event loop, after what waits there already. Keeps a process alive until then. */
export function later(work: () => void): void {
  const { setImmediate } = globalThis as Host;
  if (setImmediate !== undefined) {
    setImmediate(work);
    return;
  }
  // Timers are held back by browsers; messages are not.
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  waiting.push(work);
  channel.port2.postMessage(undefined);
}
