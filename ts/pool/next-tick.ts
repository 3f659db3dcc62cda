// The next iteration of the event loop, in every host.

type Host = { setImmediate?: (work: () => void) => unknown };

let channel: MessageChannel | undefined;
const waiting: (() => void)[] = [];

/** Runs `work` in a later iteration of the event loop. Keeps the process alive until then. */
export function nextTick(work: () => void): void {
  const { setImmediate } = globalThis as Host;
  if (setImmediate !== undefined) {
    setImmediate(work);
    return;
  }
  // Browsers throttle timers, but not messages.
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  waiting.push(work);
  channel.port2.postMessage(undefined);
}

/** Runs all steps, one per iteration of the event loop, while `proceed` returns true. */
export async function runInSteps(steps: Iterator<void>, proceed: () => boolean): Promise<void> {
  while (proceed() && !steps.next().done) await new Promise<void>(nextTick);
}
