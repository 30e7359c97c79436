import { defineConfig } from 'vitest/config'

/** Real routers in network namespaces, killed and cut off: needs root and the routers of `.ci/run`. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/interop/support/preflight.ts'],
    // Each fault has a LAN of its own, and mostly waits.
    maxConcurrency: 6,
    testTimeout: 120_000,
  },
})
