// One real operation on the backend that is set: a rung that loads but cannot compute is not taken.
import type * as TensorLibrary from '@tensorflow/tfjs-core'

/** @throws Error when the backend cannot be set or answers wrongly */
export async function probe(tf: typeof TensorLibrary, backend: string): Promise<void> {
  // The library's own warnings (such as the cpu backend's banner) would stand in every job's stderr.
  tf.enableProdMode()
  if (!(await tf.setBackend(backend))) throw new Error(`the tensor library could not start its backend "${backend}"`)
  const answer = tf.tidy(() =>
    tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])).dataSync(),
  )
  const expected = [19, 22, 43, 50]
  if (expected.some((value, i) => value !== answer[i]))
    throw new Error(`a 2 × 2 product came out as ${answer.join(' ')}`)
}
