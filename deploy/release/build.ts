// `npm run build` ends here: builds the worker's releases into apps/worker/release, from the sources, every time.
// A second, so there is no rule about when it may be skipped that could be wrong.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildReleases } from './release.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { plain, withTensorLibrary } = await buildReleases(root, join(root, 'apps', 'worker', 'release'))
console.log(`worker release ${plain.id}\nwith the tensor library ${withTensorLibrary.id}`)
