// The worker as one file: node and worker.mjs are all that a compute node needs. Nothing of this machine goes in: esbuild
// names modules relative to `root`, so the same sources and packages give the same bytes wherever they lie.
import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'

// Packages in CommonJS (ioredis, tfjs) ask for require and __dirname, which an ES module has not.
const BANNER = [
  "import { createRequire as __createRequire } from 'node:module'",
  "import { dirname as __directoryOf } from 'node:path'",
  "import { fileURLToPath as __pathOf } from 'node:url'",
  'const require = __createRequire(import.meta.url)',
  'const __filename = __pathOf(import.meta.url)',
  'const __dirname = __directoryOf(__filename)',
].join('\n')

/**
 * What stays a run-time import and is done without where it is missing: the GPU binding lies on GPU nodes only, the rest
 * are optional parts of bullmq, msgpackr and debug. Named here, so that a machine that has one of them installed makes
 * the same bundle as one that has not.
 */
const EXTERNAL = [
  '@tensorflow/tfjs-node-gpu',
  '@tensorflow/tfjs-node',
  '@valkey/valkey-glide',
  'msgpackr-extract',
  'pg',
  'redis',
  'supports-color',
]

export const bundleWorker = (root: string, outfile: string): Promise<Metafile> =>
  bundle(root, join('apps', 'worker', 'src', 'main.ts'), outfile)

/** Any module of the workspace as the worker is bundled: benchmarks measure what runs on a node. */
export async function bundle(root: string, entryPoint: string, outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@trotline/source'],
    external: EXTERNAL,
    banner: { js: BANNER },
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  return metafile
}
