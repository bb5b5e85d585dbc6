// What is measured on both sides, and the proof that both sides compute the same.
import { type PresetTraining, WorkerTraining } from '@trotline/contracts'
import type { Scene } from '../support/slurm-itself.ts'
import type { Subject } from './trainer-bundle.ts'
import { exercise2Order } from './trainer-exercise-2.ts'
import { fitted } from './trainer-fit.ts'
import { measuredNets, openSteps, orderOf } from './trainer-steps.ts'
import { startWatch } from './trainer-watch.ts'
import type { Cost, Length, Sample, Yardstick } from './trainer-yardstick.ts'

export interface Comparison {
  name: string
  /** `fit` or `steps`. */
  path: 'fit' | 'steps'
  /** What the project has set itself, as a part of the yardstick's time; null: none. */
  goal: number | null
  ours(): Promise<Cost>
  /** null: no yardstick here. */
  theirs: (() => Promise<Cost>) | null
}

interface Given {
  subject: Subject
  yardstick: Yardstick | null
  seconds: number
  scene: Scene
}

/** @throws Error where the two sides do not compute the same */
export async function comparisons(given: Given): Promise<Comparison[]> {
  return [await exercise1(given), await exercise1Steps(given), await exercise2(given), ...(await allSteps(given))]
}

const EXERCISE_1_EPOCHS = 1_000
const EXERCISE_2_EPOCHS = 1_000
/** Of the losses of both sides, relative: they start from the same weights and see the same batches. */
const TOLERANCE = 1e-5
const CHECKED_STEPS = 5

async function exercise1({ subject, yardstick, seconds }: Given): Promise<Comparison> {
  const training = preset({ preset: 'linear-regression', epochs: EXERCISE_1_EPOCHS, seed: 42 })
  const name = `exercise 1, ${EXERCISE_1_EPOCHS} epochs (numpy)`
  if (yardstick !== null) {
    await yardstick.make(name, 'exercise1', { epochs: EXERCISE_1_EPOCHS })
    const { values } = await yardstick.run(name, { units: 1, seconds: 0 })
    const end = (await fitted(training, subject)).report.coefficients?.end
    agree(name, [end?.a ?? Number.NaN, end?.b ?? Number.NaN], values[0]?.slice(0, 2) ?? [])
  }
  return {
    name,
    path: 'fit',
    goal: 0.05,
    ours: () => repeated(seconds, 1, training, subject),
    theirs: askedFor(yardstick, name, seconds),
  }
}

/** numpy's loop and ours alone: no validation, no events, nothing written. */
async function exercise1Steps({ subject, yardstick, seconds }: Given): Promise<Comparison> {
  const { drawPoints, drawStart, createManualForm } = subject
  const name = `exercise 1, the loop of ${EXERCISE_1_EPOCHS} epochs alone (numpy)`
  if (yardstick !== null) await yardstick.make(name, 'exercise1', { epochs: EXERCISE_1_EPOCHS })
  const train = (): void => {
    const form = createManualForm(drawPoints(42).train, drawStart(42), 0.1)
    for (let epoch = 0; epoch < EXERCISE_1_EPOCHS; epoch++) form.step()
  }
  return {
    name,
    path: 'steps',
    goal: 0.05,
    async ours() {
      const watch = startWatch()
      let trainings = 0
      for (; trainings === 0 || watch.seconds() < seconds; trainings++) train()
      return watch.cost(trainings)
    },
    theirs: askedFor(yardstick, name, seconds),
  }
}

/** An epoch of ours is a thousandth of a whole training, reading and the final evaluation included. */
async function exercise2({ subject, yardstick, seconds }: Given): Promise<Comparison> {
  const training = preset({ preset: 'auto-mpg', epochs: EXERCISE_2_EPOCHS })
  const name = 'exercise 2, an epoch with validation'
  if (yardstick !== null) await yardstick.make(name, 'exercise2', await exercise2Order(0, subject))
  return {
    name,
    path: 'fit',
    goal: 0.25,
    ours: () => repeated(seconds, EXERCISE_2_EPOCHS, training, subject),
    theirs: askedFor(yardstick, name, seconds),
  }
}

async function allSteps({ subject, yardstick, seconds, scene }: Given): Promise<Comparison[]> {
  const all: Comparison[] = []
  for (const net of measuredNets()) {
    const { name, goal } = net
    const steps = await openSteps(net, subject)
    scene.after(steps.close)
    if (yardstick !== null) {
      await yardstick.make(name, 'steps', orderOf(net))
      const first = { units: CHECKED_STEPS, seconds: 0 }
      const losses = ({ values }: Sample): number[] =>
        values.slice(0, CHECKED_STEPS).map(([loss]) => loss ?? Number.NaN)
      agree(name, losses(steps.run(first)), losses(await yardstick.run(name, first)))
    }
    all.push({
      name,
      path: 'steps',
      goal,
      ours: async () => steps.run(lasting(seconds)).cost,
      theirs: askedFor(yardstick, name, seconds),
    })
  }
  return all
}

const preset = (training: object): PresetTraining =>
  WorkerTraining.parse({ kind: 'preset', ...training }) as PresetTraining

const lasting = (seconds: number): Length => ({ units: 1, seconds })

const askedFor = (yardstick: Yardstick | null, name: string, seconds: number): Comparison['theirs'] =>
  yardstick && (async () => (await yardstick.run(name, lasting(seconds))).cost)

/** As many whole trainings as begin within `seconds`, from opening the data to the artifacts. */
async function repeated(seconds: number, units: number, training: PresetTraining, subject: Subject): Promise<Cost> {
  const watch = startWatch()
  let trainings = 0
  do {
    await fitted(training, subject)
    trainings += 1
  } while (watch.seconds() < seconds)
  return watch.cost(trainings * units)
}

function agree(name: string, ours: readonly number[], theirs: readonly number[]): void {
  const apart = ours.some((value, i) => !(Math.abs(value - (theirs[i] ?? Number.NaN)) <= TOLERANCE * Math.abs(value)))
  if (apart || ours.length !== theirs.length)
    throw new Error(`${name}: we come to ${ours.join(', ')} and the yardstick to ${theirs.join(', ')}`)
}
