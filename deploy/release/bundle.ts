// The worker as worker.mjs, report-thread.mjs and the chunks that they load when they come to need them: a compute node reads what takes
// the fence first, then what reports and what trains. environment.mjs and hash-thread.mjs make environments and look at them.
// Nothing of this machine goes in: esbuild names modules relative to `root`, so the same sources and packages give the same bytes
// wherever they lie.
import { build, type Metafile, type Plugin } from 'esbuild'

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

/**
 * What stands in for the tensor library in a release without it: whoever loads it gets a sentence, and the ladder of backends puts it
 * beside the name of the rung. It can be read only where our own kernels turned out not to do (contracts, tensor-library.ts).
 */
const WITHOUT_TENSOR_LIBRARY =
  'this release of the worker carries no tensor library; a job that asks for more than 2,048 MiB, or for this backend by name, is given one that does'

const withoutTensorLibrary: Plugin = {
  name: 'without-tensor-library',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@tensorflow\// }, ({ path }) =>
      EXTERNAL.includes(path) ? undefined : { path: 'tensor-library', namespace: 'left-out' },
    )
    // In CommonJS, whose exports a bundler does not look for.
    onLoad({ filter: /./, namespace: 'left-out' }, () => ({
      contents: `throw new Error(${JSON.stringify(WITHOUT_TENSOR_LIBRARY)})\nmodule.exports = {}`,
    }))
  },
}

export interface BundleOrder {
  root: string
  /** By the name that each has in `directory`, without .mjs; relative to `root`. */
  entryPoints: Readonly<Record<string, string>>
  /** Is filled with them and their chunks, all in one flat folder. */
  directory: string
  tensorLibrary: boolean
}

export const bundleWorker = (order: Pick<BundleOrder, 'root' | 'directory' | 'tensorLibrary'>): Promise<Metafile> =>
  bundle({
    ...order,
    entryPoints: {
      worker: 'apps/worker/src/main.ts',
      'report-thread': 'apps/worker/src/report-thread.ts',
      environment: 'apps/worker/src/environment-main.ts',
      'hash-thread': 'apps/worker/src/environment/hash-thread.ts',
    },
  })

/** Any module of the workspace as the worker is bundled: benchmarks measure what runs on a node. */
export async function bundle({ root, entryPoints, directory, tensorLibrary }: BundleOrder): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { ...entryPoints },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@trotline/source'],
    external: EXTERNAL,
    plugins: tensorLibrary ? [] : [withoutTensorLibrary],
    banner: { js: BANNER },
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  return metafile
}
