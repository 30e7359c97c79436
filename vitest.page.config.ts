import { defineConfig } from 'vitest/config'

/** The page in Debian's Chromium, with live daemons behind it. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    // Each file measures and waits with a browser of its own.
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
