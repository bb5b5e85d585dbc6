// `npm run build` ends here: builds the worker's release into apps/worker/release, from the sources, every time.
// Under a second, so there is no rule about when it may be skipped that could be wrong.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildRelease } from './release.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { id } = await buildRelease(root, join(root, 'apps', 'worker', 'release'))
console.log(`worker release ${id}`)
