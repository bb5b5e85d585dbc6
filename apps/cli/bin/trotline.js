#!/usr/bin/env node
// Starts the built command line. Kept this small so that "not built" is a sentence and not a stack.
import { existsSync } from 'node:fs'

// A tab is answered by a program of its own, which is loaded in a tenth of the time.
const name = process.argv[2] === '__complete' ? 'complete' : 'main'
const main = new URL(`../dist/${name}.js`, import.meta.url)
if (existsSync(main)) {
  await import(main.href)
} else {
  process.stderr.write('trotline is not built yet. Build it once, in the root of the checkout: npm run build\n')
  process.exitCode = 1
}
