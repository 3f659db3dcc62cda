// VitePress' default theme on the fonts of the system, with the components of pages.

import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import { MeasureMachine } from "./measure-machine.ts";
import { Playground } from "./playground.ts";
import { RunSample } from "./run-sample.ts";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("RunSample", RunSample);
    app.component("Playground", Playground);
    app.component("MeasureMachine", MeasureMachine);
  },
} satisfies Theme;
