// The last resort: the tensor library in plain JavaScript. Correct, and fast enough for small dense nets only.
import * as tf from '@tensorflow/tfjs-core'
import { probe } from './probe.ts'

export async function openCpu(): Promise<void> {
  // Its package.json denies the side effect that it is loaded for: a bundler leaves a plain import of it out.
  await import('@tensorflow/tfjs-backend-cpu')
  await probe(tf, 'cpu')
}
