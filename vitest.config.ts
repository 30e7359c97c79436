import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Far more than any test takes: a machine that does other things too is no failure.
    testTimeout: 60_000,
    exclude: [
      ...configDefaults.exclude,
      'test/abuse/**',
      'test/browser/**',
      'test/faults/**',
      'test/interop/**',
    ],
  },
})
