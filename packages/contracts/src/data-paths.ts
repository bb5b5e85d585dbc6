// Which files a training is fed with, told from the request alone: what the worker hashes, and what a rerun asks for again.
import type { Data } from './data.ts'
import { expandPreset } from './presets.ts'
import type { Training } from './training.ts'

/** In the order in which they are named, each once. Empty where the data travels with the worker or is made up. */
export function dataPathsOf(training: Training): string[] {
  if (training.kind === 'command') return [...new Set(training.data)]
  const model = training.kind === 'preset' ? expandPreset(training) : training
  if (model === null) return []
  const sources = [model.data, model.validationData, model.testData].filter(data => data !== null)
  return [...new Set(sources.flatMap(pathsOf))]
}

function pathsOf(data: Data): string[] {
  switch (data.format) {
    case 'auto-mpg':
      return []
    case 'csv':
    case 'npz':
      return [data.path]
    case 'npy':
      return [data.features, data.target]
    case 'idx':
      return [data.images, data.labels]
    case 'cifar10':
      return data.files
  }
}
