// Entry of the log-ODE example, started by `npm run log-ode`. Plain JavaScript, so that an older
// Node can parse it and report what is wrong; the program is src/main.ts.

if (process.features.typescript) {
  const { main } = await import("./src/main.ts");
  process.exitCode = await main(process.argv.slice(2));
} else {
  console.error(`Node ${process.versions.node} does not run TypeScript. Start the example with: npm run log-ode`);
  process.exitCode = 1;
}
