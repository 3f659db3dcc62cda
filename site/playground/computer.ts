// Asks the worker. Of questions of one kind only the newest that waits is sent: while a finger
// moves, results that are already out of date are not computed.

import kernelsRelaxed from "path-signature/wasm/kernels-relaxed.wasm?url";
import kernelsSimd from "path-signature/wasm/kernels-simd.wasm?url";
import relaxed from "path-signature/wasm/relaxed.wasm?url";
import simd from "path-signature/wasm/simd.wasm?url";
import type { Answers, FromWorker, Kind, Question, ToWorker } from "./messages.ts";

type Handler<K extends Kind> = (answer: Answers[K]) => void;

interface Line {
  busy: boolean;
  next: Question | undefined;
  handle: ((answer: Answers[Kind]) => void) | undefined;
}

export class Computer {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  readonly #lines = new Map<Kind, Line>();
  readonly #sent = new Map<number, Kind>();
  #count = 0;
  /** Resolves to the version of the library, when it is ready. */
  readonly ready: Promise<string>;
  onError: (message: string) => void = () => {};
  /** Gets the files that the worker has loaded. */
  onLoadedAll: (files: readonly string[]) => void = () => {};

  constructor() {
    let arrived: (version: string) => void;
    this.ready = new Promise((done) => {
      arrived = done;
    });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      if ("ready" in data) arrived(data.ready);
      else if ("loadedAll" in data) this.onLoadedAll(data.loadedAll);
      else this.#settle(data);
    });
    this.#worker.addEventListener("error", ({ message }) => this.onError(message || "the worker did not start"));
    const binaries = { relaxed, simd, "kernels-relaxed": kernelsRelaxed, "kernels-simd": kernelsSimd };
    this.#post({ binaries });
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #line(kind: Kind): Line {
    let line = this.#lines.get(kind);
    if (line === undefined) {
      line = { busy: false, next: undefined, handle: undefined };
      this.#lines.set(kind, line);
    }
    return line;
  }

  /** Where the answers to all questions of a kind go. */
  on<K extends Kind>(kind: K, handle: Handler<K>): void {
    this.#line(kind).handle = handle as Line["handle"];
  }

  ask(question: Question): void {
    const line = this.#line(question.kind);
    line.next = question;
    if (!line.busy) this.#send(question.kind, line);
  }

  /** Loads what later questions need. */
  loadAll(): void {
    this.#post({ loadAll: true });
  }

  end(): void {
    this.#worker.terminate();
  }

  #send(kind: Kind, line: Line): void {
    if (line.next === undefined) return;
    const id = ++this.#count;
    this.#sent.set(id, kind);
    line.busy = true;
    const question = line.next;
    line.next = undefined;
    this.#post({ id, question });
  }

  #settle(message: { readonly id: number | undefined } & ({ answer: Answers[Kind] } | { error: string })): void {
    if ("error" in message) this.onError(message.error);
    if (message.id === undefined) return;
    const kind = this.#sent.get(message.id) as Kind;
    this.#sent.delete(message.id);
    const line = this.#line(kind);
    line.busy = false;
    if ("answer" in message) line.handle?.(message.answer);
    this.#send(kind, line);
  }
}
