// A training of the tiny net on made-up data, through the real loop and real checkpoints.
import assert from 'node:assert/strict'
import { ModelTraining } from '../../../packages/contracts/src/index.ts'
import { type Checkpoint, decodeCheckpoint } from '../../../packages/trainer/src/checkpoint.ts'
import type { TrainingData } from '../../../packages/trainer/src/data/training-data.ts'
import { createLoop, type Loop, type LoopEnd } from '../../../packages/trainer/src/loop.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import type { EpochValues, Trainable } from '../../../packages/trainer/src/trainable.ts'
import { compile } from '../../../packages/trainer/src/training/compile.ts'
import { createModelTraining } from '../../../packages/trainer/src/training/model-training.ts'
import { tinyNet } from './tiny-net.ts'

export type Request = Partial<ModelTraining>

export const requestOf = (request: Request): ModelTraining =>
  ModelTraining.parse({
    kind: 'model',
    // Not looked at: the data are handed over, and so is the net.
    data: { format: 'auto-mpg' },
    model: { layers: [{ kind: 'dense', units: 1 }] },
    optimizer: { kind: 'sgd', learningRate: 0.01 },
    loss: 'mse',
    epochs: 4,
    batchSize: 8,
    ...request,
  })

export interface Tiny {
  trainable: Trainable
  net: ReturnType<typeof tinyNet>
}

export function tiny(request: Request, data: TrainingData, { dropout = 0 } = {}): Tiny {
  const training = requestOf(request)
  const random = new RandomState(training.seed)
  const outputs = data.train.classes?.length ?? data.train.targets
  const net = tinyNet({ inputs: data.train.shape[0] as number, hidden: 5, outputs, random, dropout })
  const compiled = compile(training, { outputs, activation: 'linear' }, data.train)
  return {
    trainable: createModelTraining({ training, data, net, compiled, random, dispose: () => net.dispose() }),
    net,
  }
}

export interface Run {
  end: LoopEnd
  loop: Loop
  epochs: { epoch: number; values: EpochValues }[]
}

export interface RunOptions {
  resume?: Checkpoint | null
  signal?: AbortSignal
  onEpoch?(epoch: number, loop: Loop): void
  /** Called with the loop before it runs. */
  onLoop?(loop: Loop): void
}

/** Up to its end, its failure or its stop. */
export async function runTiny(
  request: Request,
  { trainable }: Tiny,
  { resume = null, signal = new AbortController().signal, onEpoch, onLoop }: RunOptions = {},
): Promise<Run> {
  if (resume) trainable.restore(resume, resume.state)
  const epochs: Run['epochs'] = []
  const loop: Loop = createLoop(trainable, { backend: 'cpu', engine: 'autograd', skipped: [] }, resume, {
    training: requestOf(request),
    signal,
    onEpoch({ epoch, values }) {
      epochs.push({ epoch, values })
      onEpoch?.(epoch, loop)
    },
  })
  onLoop?.(loop)
  return { end: await loop.run(), loop, epochs }
}

/** Through bytes, as it goes through the file. */
export function through(taken: ReturnType<Loop['checkpoint']>): Checkpoint {
  assert.ok(taken, 'there is a checkpoint')
  const decoded = decodeCheckpoint(taken.bytes)
  assert.ok(!('refused' in decoded), 'a checkpoint that was just taken is read again')
  assert.deepEqual([decoded.epochs, decoded.batches], [taken.epochs, taken.batches])
  return decoded
}

/** What of the end does not depend on the clock. */
export function comparable({ end }: Run) {
  const { fitSeconds, ...report } = end.report
  return { kind: end.kind, report, artifacts: 'artifacts' in end ? end.artifacts : null }
}

/** Aborted as soon as so many batches have been trained, whatever the clock says of rests: a pace that rests before every batch. */
export function stopAfter(trainable: Trainable, batches: number): { trainable: Trainable; signal: AbortSignal } {
  const stop = new AbortController()
  let left = batches
  if (left === 0) stop.abort()
  return {
    signal: stop.signal,
    trainable: {
      ...trainable,
      trainEpoch: (_, watch) =>
        trainable.trainEpoch(
          {
            get stopped() {
              return stop.signal.aborted
            },
            due: () => true,
            async rest() {
              if (left-- === 0) stop.abort()
            },
          },
          watch,
        ),
    },
  }
}
