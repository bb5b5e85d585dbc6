// `npm test`: prepares what the tests need, and runs them. Plain JavaScript up to where node_modules exist; the rest is setup/run.ts.
import { fileURLToPath } from 'node:url'
import { ensureNodeModules } from './setup/node-modules.mjs'

if (ensureNodeModules(fileURLToPath(new URL('..', import.meta.url)))) console.log('npm packages installed')

const { register } = await import('tsx/esm/api')
register()
const { main } = await import('./setup/run.ts')
process.exitCode = await main(process.argv.slice(2))
