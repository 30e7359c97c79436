import { defineConfig } from 'vitest/config'

/** Hostile peers and clients against a daemon in a process of its own, with counted limits. */
export default defineConfig({
  test: {
    include: ['test/abuse/**/*.test.ts'],
    // Each file measures a daemon: two at a time would measure each other.
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
})
