#!/usr/bin/env node
// Starts bgpwarden the quickest way this installation allows: compiled JavaScript where it was
// built, else the TypeScript sources, with Node's own type stripping or through tsx.
import { existsSync } from 'node:fs'

const compiled = new URL('../dist/main.js', import.meta.url)
const source = new URL('../src/main.ts', import.meta.url)

if (existsSync(compiled)) {
  await import(compiled.href)
} else {
  if (!process.features.typescript) {
    const { register } = await import('tsx/esm/api')
    register()
  }
  await import(source.href)
}
