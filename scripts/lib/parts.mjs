// esbuild plugins to measure what an app downloads when: they leave out what is loaded lazily, or
// what is already loaded. For scripts/lib/budgets.mjs.

/** Leaves out the targets of `import()`. */
export const withoutLazy = {
  name: "without lazy parts",
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
  },
};

/** Leaves out files of dist/shared that the app has already loaded, by name. */
export const without = (names) => ({
  name: "without what is there",
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`/(${names.join("|")})\\.js$`) }, ({ path }) => ({ path, external: true }));
  },
});
