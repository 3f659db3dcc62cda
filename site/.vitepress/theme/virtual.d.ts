// What site/lib/samples.ts provides to the theme.

declare module "virtual:samples" {
  type Run = (claim: (value: unknown, stated: unknown, line: number) => void) => Promise<void>;
  const modules: Record<string, () => Promise<{ default: Run }>>;
  export default modules;
}
