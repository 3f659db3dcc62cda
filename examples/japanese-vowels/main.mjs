// Entry of the demo, started by `npm run demo`. Plain JavaScript, so that an older Node can parse
// it and report what is wrong; the program is src/main.ts, which Node runs directly.

if (process.features.typescript) {
  const { main } = await import("./src/main.ts");
  process.exitCode = await main(process.argv.slice(2));
} else {
  console.error(`Node ${process.versions.node} does not run TypeScript. Start the demo with: npm run demo`);
  process.exitCode = 1;
}
