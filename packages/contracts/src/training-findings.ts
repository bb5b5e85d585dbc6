// What can be said against a training before it is queued, beyond its shape: fields that contradict each other, or that another
// one makes meaningless. What depends on the files of the data is found on the node. Pointers are into the whole request.
import { dataFindings } from './data-findings.ts'
import { monitorFindings } from './epoch-values.ts'
import { lossFindings } from './loss-findings.ts'
import { netFindings } from './net-findings.ts'
import { expandPreset } from './presets.ts'
import type { Finding } from './problem.ts'
import type { Backend, ModelTraining, WorkerTraining } from './training.ts'

/** @param gpus those that the job asks for */
export function trainingFindings(training: WorkerTraining, gpus: number): Finding[] {
  const expanded = training.kind === 'preset' ? expandPreset(training) : training
  if (expanded === null) return lineFindings(training.backend, gpus)
  const ofBackend = backendFindings(training.backend, gpus)
  // A preset is complete and right by itself.
  return training.kind === 'preset' ? ofBackend : [...ofBackend, ...modelFindings(training, gpus)]
}

const GPU_BACKENDS: readonly Backend[] = ['tfjs-node-gpu', 'webgpu']

function backendFindings(backend: Backend, gpus: number): Finding[] {
  const refuse = (detail: string, hint: string): Finding[] => [
    { pointer: '/training/backend', detail, found: backend, hint },
  ]
  if (backend === 'auto' || backend === 'any') return []
  if (gpus > 0 && !GPU_BACKENDS.includes(backend))
    return refuse(
      `The backend ${backend} uses no GPU, and the job asks for ${gpus}`,
      'Ask for no GPU, or leave backend out; "any" takes what the node has',
    )
  if (gpus === 0 && backend === 'tfjs-node-gpu')
    return refuse('The backend tfjs-node-gpu wants a GPU, and resources.gpus is 0', 'Set resources.gpus to 1')
  return []
}

/** Linear regression is a float64 loop of our own. */
function lineFindings(backend: Backend, gpus: number): Finding[] {
  const findings: Finding[] = []
  if (gpus > 0 && backend !== 'any')
    findings.push({
      pointer: '/resources/gpus',
      detail: 'The preset linear-regression computes in float64 on the CPU alone',
      found: String(gpus),
      required: '0',
      hint: 'Ask for no GPU',
    })
  if (!['auto', 'any', 'cpu'].includes(backend))
    findings.push({
      pointer: '/training/backend',
      detail: 'The preset linear-regression computes in float64 on the CPU alone',
      found: backend,
      required: 'one of auto, any, cpu',
      hint: 'Leave backend out',
    })
  return findings
}

const modelFindings = (training: ModelTraining, gpus: number): Finding[] => [
  ...dataFindings(training),
  ...netFindings(training),
  ...lossFindings(training),
  ...monitorFindings(training),
  ...optimizerFindings(training),
  ...shareFindings(training, gpus),
]

function optimizerFindings({ optimizer }: ModelTraining): Finding[] {
  const findings: Finding[] = []
  if (optimizer.kind === 'sgd' && optimizer.nesterov && optimizer.momentum === 0)
    findings.push({
      pointer: '/training/optimizer/nesterov',
      detail: 'nesterov looks ahead along the momentum, and momentum is 0',
      hint: 'Set optimizer.momentum, such as 0.9',
    })
  const schedule = optimizer.learningRate
  if (typeof schedule === 'number') return findings
  const at = '/training/optimizer/learningRate'
  if (schedule.kind === 'piecewiseConstantDecay') {
    const { boundaries } = schedule
    const falls = boundaries.findIndex((boundary, i) => i > 0 && boundary <= (boundaries[i - 1] as number))
    if (falls > 0)
      findings.push({
        pointer: `${at}/boundaries/${falls}`,
        detail: `The boundaries are steps in rising order, and ${boundaries[falls]} follows ${boundaries[falls - 1]}`,
      })
  }
  if (schedule.kind === 'cosineDecay' && schedule.warmupTarget !== null && schedule.warmupSteps === 0)
    findings.push({
      pointer: `${at}/warmupTarget`,
      detail: 'A rate to warm up to is given, and warmupSteps is 0',
      hint: 'Set warmupSteps, or leave warmupTarget out',
    })
  if (schedule.kind === 'cosineDecay' && schedule.warmupTarget === null && schedule.warmupSteps > 0)
    findings.push({
      pointer: `${at}/warmupSteps`,
      detail: 'Steps to warm up are given, and no warmupTarget to warm up to',
      hint: 'Set warmupTarget, or leave warmupSteps out',
    })
  return findings
}

function shareFindings({ shares, batchSize, backend }: ModelTraining, gpus: number): Finding[] {
  if (shares === 1) return []
  const refuse = (detail: string, hint: string): Finding[] => [
    { pointer: '/training/shares', detail, found: String(shares), hint },
  ]
  if (shares > batchSize)
    return refuse(`A batch of ${batchSize} cannot be cut into ${shares} shares`, `Set shares to at most ${batchSize}`)
  if (!['auto', 'any', 'simd'].includes(backend) || (gpus > 0 && backend === 'auto'))
    return refuse(
      `Shares of a batch are what the engine simd works on, and ${gpus > 0 ? 'a job with GPUs' : `the backend ${backend}`} has another engine`,
      'Leave shares out',
    )
  return []
}
