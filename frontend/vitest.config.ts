/** The configuration of the tests: they run in Node, without a network. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": import.meta.dirname } },
  test: { include: ["tests/**/*.test.ts"], environment: "node", restoreMocks: true, unstubEnvs: true },
});
