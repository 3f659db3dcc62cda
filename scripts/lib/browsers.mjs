// The browsers that tests run in, from Debian's packages, and bringing them there. Elsewhere, and without root, what is installed
// is used and what is missing is said by the tests that need it.

import { existsSync } from "node:fs";
import { bringOptional, worthTrying } from "./optional-apt.mjs";
import { onPath } from "./rust.mjs";

/** WebKitGTK's browser for tests lies where programs that are not for users lie. */
const miniBrowsers = ["x86_64-linux-gnu", "aarch64-linux-gnu"].flatMap((triple) =>
  ["4.1", "6.0", "4.0"].map((version) => `/usr/lib/${triple}/webkit2gtk-${version}/MiniBrowser`),
);

const first = (...names) => names.map(onPath).find(Boolean);

/** For each browser its Debian packages, and the programs: undefined where one is missing. */
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

/** A browser's programs by role, or undefined unless all are there. */
export function browser(name) {
  const programs = browsers[name].programs();
  return Object.values(programs).every(Boolean) ? programs : undefined;
}

const absent = () => Object.entries(browsers).flatMap(([name, { packages }]) => (browser(name) ? [] : packages));

/** Debian packages of browsers that are missing and may be had. */
export const missingPackages = () => worthTrying("browsers", absent());

/** Installs what is missing; gives what to say of it. */
export const bring = () => bringOptional("browsers", absent());
