// What a request trains, in one line.
import { type Data, type JobRequest, lossOf, type ModelTraining, type PresetTraining } from '@trotline/contracts'
import { count } from './figures.ts'

export function trainingText({ training }: Pick<JobRequest, 'training'>): string {
  if (training.kind === 'command') return training.kind
  const { epochs, seed, backend } = training
  return [
    training.kind === 'preset' ? presetText(training) : modelText(training),
    count(epochs, 'epoch'),
    `seed ${seed}`,
    backend === 'auto' ? '' : `backend ${backend}`,
  ]
    .filter(part => part !== '')
    .join(', ')
}

function presetText(training: PresetTraining): string {
  const form = training.preset === 'linear-regression' && training.form !== 'manual' ? ` (${training.form})` : ''
  return `preset ${training.preset}${form}`
}

function modelText({ model, data, loss, optimizer, batchSize, shares }: ModelTraining): string {
  const net = 'layers' in model ? `model of ${count(model.layers.length, 'layer')}` : 'model as Keras wrote it'
  return [
    `${net} on ${dataText(data)}`,
    lossOf(loss),
    optimizer.kind,
    `batches of ${batchSize}${shares === 1 ? '' : ` in ${shares} shares`}`,
  ].join(', ')
}

function dataText(data: Data): string {
  switch (data.format) {
    case 'auto-mpg':
      return 'auto-mpg'
    case 'csv':
    case 'npz':
      return data.path
    case 'npy':
      return data.features
    case 'idx':
      return data.images
    case 'cifar10':
      return `${data.files[0]}${data.files.length === 1 ? '' : ` and ${data.files.length - 1} more`}`
  }
}
