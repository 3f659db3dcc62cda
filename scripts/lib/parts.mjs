// For measuring what an app pays when: esbuild plugins that leave out what is loaded lazily, or
// what is there already. For scripts/lib/budgets.mjs.

/** Leaves out what `import()` asks for. */
export const withoutLazy = {
  name: "without lazy parts",
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
  },
};

/** Leaves out files of dist/shared that the app has loaded before, by their names. */
export const without = (names) => ({
  name: "without what is there",
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`/(${names.join("|")})\\.js$`) }, ({ path }) => ({ path, external: true }));
  },
});
