// What a request trains, in one line.
import {
  type CommandTraining,
  type Data,
  type JobRequest,
  lossOf,
  type ModelTraining,
  type PresetTraining,
} from '@trotline/contracts'
import { count } from './figures.ts'

export function trainingText({ training }: Pick<JobRequest, 'training'>): string {
  if (training.kind === 'command') return commandText(training)
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

const LONGEST_COMMAND = 60

/** Its words as they were asked for, those with anything in them that a shell would read otherwise in quotes. */
function commandText({ command, files, epochs, seed }: CommandTraining): string {
  const words = command.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')
  const text = words.length <= LONGEST_COMMAND ? words : `${words.slice(0, LONGEST_COMMAND - 1)}…`
  const laid = Object.keys(files).length
  return [
    `command ${text}`,
    laid === 0 ? '' : count(laid, 'file'),
    epochs === null ? '' : count(epochs, 'epoch'),
    `seed ${seed}`,
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
