// The code samples of a Markdown page, as programs. The blocks under a heading of level two are one
// module, in order. Conventions in the page:
//
//   ```js … ``` or ```ts … ```    is run; others are not. Code for bundlers, which
//                                 test/packaging runs, is ```javascript
//   expression; // value          is checked where the comment is a JSON value, perhaps after the
//                                 name of an array's type and before ": " or "; " and words
//   <!-- run                      code that readers do not see, before the next block
//   -->
//   <!-- needs gpu -->            the section is skipped where there is no WebGPU implementation

/** The samples of one section. */
export interface Sample {
  readonly title: string;
  readonly line: number;
  readonly code: string;
  readonly needsGpu: boolean;
}

const heading = /^## (?<title>.*)$/;
const code = /^ *```(?:js|ts)\n(?<block>[\s\S]*?)^ *```$/;
const comment = /^<!-- run\n(?<hidden>[\s\S]*?)^-->$|^<!-- needs (?<needs>\w+) -->$/;
const pattern = new RegExp([heading, code, comment].map(({ source }) => source).join("|"), "gm");

/** A statement and the value in its comment. */
const claim = /^(?<indent>\s*)(?:const (?<name>\w+) = )?(?<code>\S.*?);\s*\/\/ (?<value>.+)$/;

/** The value that a comment states, as JSON; `undefined` if it states none. */
function statedBy(comment: string): string | undefined {
  const text = comment.replace(/^(Float32Array|Float64Array|Uint32Array)\s*(?=\[)/, "");
  for (const part of [text, text.split(/[:;] /)[0] as string]) {
    try {
      return JSON.stringify(JSON.parse(part));
    } catch {
      // Words.
    }
  }
  return undefined;
}

function withClaims(block: string, line: number): string {
  return block
    .split("\n")
    .map((text, i) => {
      const found = claim.exec(text)?.groups;
      const value = found && statedBy(found.value ?? "");
      if (found === undefined || value === undefined) return text;
      const { indent, name, code } = found;
      const place = line + i;
      return name === undefined
        ? `${indent}claim(${code}, ${value}, ${place});`
        : `${indent}const ${name} = ${code}; claim(${name}, ${value}, ${place});`;
    })
    .join("\n");
}

/** The samples of a page. */
export function samplesOf(page: string): Sample[] {
  const samples: Sample[] = [];
  let title = "";
  let line = 1;
  let code: string[] = [];
  let needsGpu = false;
  const finish = () => {
    if (code.length > 0) samples.push({ title, line, code: code.join("\n"), needsGpu });
    code = [];
    needsGpu = false;
  };
  for (const match of page.matchAll(pattern)) {
    const at = page.slice(0, match.index).split("\n").length;
    const { title: next, block, hidden, needs } = match.groups as Record<string, string | undefined>;
    if (next !== undefined) {
      finish();
      title = next;
      line = at;
    } else if (hidden !== undefined) code.push(hidden);
    else if (needs !== undefined) needsGpu ||= needs === "gpu";
    else code.push(withClaims(block as string, at + 1));
  }
  finish();
  return samples;
}
