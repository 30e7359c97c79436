import { defineConfig } from 'vitest/config'

/** Real routers in network namespaces: needs root and the routers of `.ci/run`. */
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    globalSetup: ['test/interop/support/preflight.ts'],
    // One file is one LAN of its own, and mostly waits.
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
