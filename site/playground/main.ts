// Puts the playground together: three parts of which one is shown, what can be taken from the page
// (a link, code, a picture), and the state in the URL.

import { codeOf } from "./code.ts";
import { onScheme } from "./colours.ts";
import { Computer } from "./computer.ts";
import { button } from "./controls.ts";
import { afterPause, h } from "./dom.ts";
import { drawPanel, type Panel } from "./draw.ts";
import { keepOffline } from "./offline.ts";
import { picture, toBlob } from "./picture.ts";
import { recordingPanel } from "./recording.ts";
import { decode, encode, initialState, type Tab, tabs } from "./state.ts";
import { teachPanel } from "./teach.ts";
import "./style.css";

const tabTexts: Record<Tab, string> = { draw: "Draw a path", teach: "Teach gestures", recording: "A recording" };

/** Builds the playground in a place; returns a function that ends it. */
export function start(place: HTMLElement): () => void {
  const state = decode(location.hash) ?? initialState();
  const computer = new Computer();
  const message = h("p", { className: "pg-message", role: "status" });
  const say = (text: string) => {
    message.textContent = text;
  };
  computer.onError = (text) => say(`Error: ${text}`);

  const save = afterPause(() => history.replaceState(history.state, "", encode(state)), 250);
  const changed = () => {
    save();
    code.hidden = true;
  };

  const draw = drawPanel(state, computer, changed);
  const recording = recordingPanel(state, computer, changed);
  const panels: Record<Tab, Panel> = { draw, teach: teachPanel(state, computer, changed), recording };

  const buttons = tabs.map((tab) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `pg-tab-${tab}`,
        "aria-controls": `pg-panel-${tab}`,
        onclick: () => open(tab),
        onkeydown: (event: KeyboardEvent) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (step === undefined) return;
          const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length] as Tab;
          open(next);
          buttons[tabs.indexOf(next)]?.focus();
        },
      },
      tabTexts[tab],
    ),
  );
  const boxes = tabs.map((tab) =>
    h("div", { role: "tabpanel", id: `pg-panel-${tab}`, "aria-labelledby": `pg-tab-${tab}` }, panels[tab].element),
  );

  function open(tab: Tab): void {
    state.tab = tab;
    for (const [i, one] of tabs.entries()) {
      const isOpen = one === tab;
      const [button, box] = [buttons[i] as HTMLButtonElement, boxes[i] as HTMLElement];
      button.setAttribute("aria-selected", String(isOpen));
      button.tabIndex = isOpen ? 0 : -1;
      box.hidden = !isOpen;
    }
    savePicture.hidden = tab !== "draw";
    panels[tab].show();
    changed();
  }

  const codeText = h("textarea", { readOnly: true, spellcheck: false, rows: 12, "aria-label": "The code" });
  const code = h("div", { className: "pg-code", hidden: true }, codeText);

  async function copy(text: string, what: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      say(`${what} copied.`);
    } catch {
      say(`${what} could not be copied: the browser does not allow it.`);
    }
  }

  function copyCode(): void {
    codeText.value = codeOf(state, recording.columns());
    code.hidden = false;
    void copy(codeText.value, "Code");
  }

  function copyLink(): void {
    history.replaceState(history.state, "", encode(state));
    void copy(location.href, "Link");
  }

  const savePicture = button("Save picture", async () => {
    const url = URL.createObjectURL(await toBlob(picture(draw)));
    h("a", { href: url, download: "path-signature.png" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    say("Picture saved.");
  });

  place.replaceChildren(
    h("div", { className: "pg-tabs", role: "tablist", "aria-label": "Parts of the playground" }, ...buttons),
    ...boxes,
    h(
      "div",
      { className: "pg-row pg-take" },
      button("Copy as code", copyCode),
      button("Copy link", copyLink),
      savePicture,
    ),
    message,
    code,
  );
  open(state.tab);

  const scheme = onScheme(() => {
    for (const panel of Object.values(panels)) panel.paint();
  });
  const onHash = () => {
    const next = decode(location.hash);
    if (next === undefined) return;
    Object.assign(state, next);
    open(state.tab);
  };
  addEventListener("hashchange", onHash);
  void computer.ready.then((version) => {
    place.dataset.ready = version;
    // What other parts need is loaded while nothing else happens: the page then works offline.
    const whenIdle = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 2_000));
    whenIdle(() => computer.loadAll());
  });
  computer.onLoadedAll = async (files) => {
    place.dataset.loaded = "all";
    // Browsers may refuse, in private windows for example: the open page then works without a
    // network all the same.
    if (await keepOffline(files).catch(() => false)) place.dataset.kept = "all";
  };

  return () => {
    removeEventListener("hashchange", onHash);
    scheme.disconnect();
    computer.end();
  };
}
