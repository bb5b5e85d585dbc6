// Runs in a process of its own: loads the package of a folder, multiplies two matrices and prints one line about it.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import util from 'node:util'

const [prefix = '', name = ''] = process.argv.slice(2)

// Removed in Node 23; tfjs-node 4.22 calls it in its first operation (tfjs issue 8609).
util.isNullOrUndefined ??= value => value === null || value === undefined

const tf = createRequire(join(prefix, 'x.js'))(name)
const product = tf.tidy(() =>
  tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])).dataSync(),
)
if (String(product) !== '19,22,43,50') throw new Error(`a 2 × 2 product came out as ${product}`)
const { binding, isUsingGpuDevice } = tf.backend()
const found = {
  name,
  version: tf.version['tfjs-node'],
  tensorflow: binding.TF_Version,
  gpu: isUsingGpuDevice === true,
  node: process.versions.node,
}
process.stdout.write(`\nnative-probe ${JSON.stringify(found)}\n`)
