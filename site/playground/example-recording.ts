// A made-up recording: two coupled swings and a slow drift. Half-way the second swing, which
// followed the first, runs ahead of it.

/** A CSV text. */
export function exampleRecording(rows = 1200): string {
  const lines = ["left,right,drift"];
  let seed = 7;
  // Lehmer's generator: the same recording everywhere.
  const noise = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647 - 0.5;
  };
  let drift = 0;
  for (let i = 0; i < rows; i++) {
    const lag = i < rows / 2 ? 1.2 : -1.2;
    const phase = i / 7 + 0.8 * Math.sin(i / 90);
    drift += 0.05 * noise();
    const left = Math.sin(phase) + 0.15 * noise();
    const right = 0.8 * Math.sin(phase - lag) + 0.15 * noise();
    lines.push([left, right, drift].map((value) => value.toFixed(4)).join(","));
  }
  return `${lines.join("\n")}\n`;
}
