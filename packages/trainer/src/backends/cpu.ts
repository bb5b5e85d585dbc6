// The last resort: the tensor library in plain JavaScript. Correct, and fast enough for small dense nets only.
import { probe } from './probe.ts'

export async function openCpu(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu')
  await probe(await import('@tensorflow/tfjs-core'), 'cpu')
}
