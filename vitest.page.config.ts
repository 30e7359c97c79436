import { defineConfig } from 'vitest/config'

/** The page in Debian's Chromium, with live daemons behind it. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    // Each file has a browser and daemons of its own, and mostly waits.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
