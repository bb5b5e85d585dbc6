// The packages that the matrix has builds of, under every name that people and channels have for them.
import type { Framework } from './build.ts'

const FRAMEWORK_OF: ReadonlyMap<string, { framework: Framework; package?: string }> = new Map([
  ['pytorch', { framework: 'pytorch' }],
  ['torch', { framework: 'pytorch' }],
  ['pytorch-gpu', { framework: 'pytorch' }],
  ['pytorch-cpu', { framework: 'pytorch', package: 'pytorch-cpu' }],
  ['tensorflow', { framework: 'tensorflow' }],
  ['tensorflow-gpu', { framework: 'tensorflow', package: 'tensorflow-gpu' }],
  ['tensorflow-cpu', { framework: 'tensorflow', package: 'tensorflow-cpu' }],
  ['tensorflow-base', { framework: 'tensorflow' }],
  ['jax', { framework: 'jax' }],
  ['jaxlib', { framework: 'jax' }],
  ['tfjs-node-gpu', { framework: 'tfjs-node-gpu' }],
  ['@tensorflow/tfjs-node-gpu', { framework: 'tfjs-node-gpu' }],
  ['cuda-runtime', { framework: 'cuda-runtime' }],
  ['custom-cuda', { framework: 'custom-cuda' }],
])

/** null: the matrix has no builds of it. `package`: which of the framework's packages the name means. */
export const frameworkOf = (name: string): { framework: Framework; package?: string } | null =>
  FRAMEWORK_OF.get(name.trim().toLowerCase()) ?? null
