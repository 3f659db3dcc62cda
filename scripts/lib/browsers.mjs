// Finds and installs the browsers for tests, from Debian's packages. Elsewhere, and without root,
// installed browsers are used, and tests that lack one say so.

import { existsSync } from "node:fs";
import { optionalPackages } from "./optional-apt.mjs";
import { onPath } from "./rust.mjs";

/** WebKitGTK's test browser is not on PATH. */
const miniBrowsers = ["x86_64-linux-gnu", "aarch64-linux-gnu"].flatMap((triple) =>
  ["4.1", "6.0", "4.0"].map((version) => `/usr/lib/${triple}/webkit2gtk-${version}/MiniBrowser`),
);

const first = (...names) => names.map(onPath).find(Boolean);

/**
 * The Debian packages and the programs of each browser; a program is undefined where it is missing.
 */
const browsers = {
  chromium: {
    packages: ["chromium"],
    programs: () => ({ browser: first("chromium", "chromium-browser", "google-chrome") }),
  },
  firefox: {
    packages: ["firefox-esr"],
    programs: () => ({ browser: first("firefox-esr", "firefox") }),
  },
  webkit: {
    packages: ["webkit2gtk-driver", "xvfb"],
    programs: () => ({
      driver: first("WebKitWebDriver"),
      browser: miniBrowsers.find((file) => existsSync(file)),
      // WebKitGTK has no headless mode.
      display: first("Xvfb"),
    }),
  },
};

/** The programs of a browser by role, or undefined unless all exist. */
export function browser(name) {
  const programs = browsers[name].programs();
  return Object.values(programs).every(Boolean) ? programs : undefined;
}

const absent = () => Object.entries(browsers).flatMap(([name, { packages }]) => (browser(name) ? [] : packages));

export const packages = optionalPackages("browsers", "browsers for tests", absent);
