// When a training ends early and which weights it leaves: Keras's rules, one by one, on made-up values.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ModelTraining } from '../../../packages/contracts/src/index.ts'
import { createBestWeights, createEarlyStopping } from '../../../packages/trainer/src/training/early-stopping.ts'

const KEYS = ['loss', 'accuracy', 'val_loss', 'val_accuracy']
const { earlyStopping, bestWeights } = ModelTraining.shape

/** The epoch after which it stops (null: never), the epochs whose weights it keeps, and what it says was best. */
function follow(rule: Record<string, unknown>, values: readonly number[], monitor = 'val_loss') {
  const stopping = createEarlyStopping(
    earlyStopping
      .unwrap()
      .unwrap()
      .parse({ monitor, ...rule }),
    KEYS,
  )
  const kept: number[] = []
  for (const [epoch, value] of values.entries()) {
    const { best, stop } = stopping.epochEnded(epoch, { [monitor]: value })
    if (best) kept.push(epoch)
    if (stop) return { stopped: epoch, kept, best: stopping.best()?.epoch ?? null }
  }
  return { stopped: null, kept, best: stopping.best()?.epoch ?? null }
}

test('it stops after as many epochs without improvement as its patience', () => {
  assert.deepEqual(follow({ patience: 2 }, [3, 2, 2.5, 2.1, 1]), { stopped: 3, kept: [0, 1], best: 1 })
  assert.equal(follow({ patience: 3 }, [3, 2, 2.5, 2.1, 1]).stopped, null)
})

test('a patience of 0 stops with the first epoch that is no better, but never with the first of all', () => {
  assert.equal(follow({}, [3, 3]).stopped, 1)
  assert.equal(follow({}, [Number.NaN, 1]).stopped, null)
})

test('an improvement by no more than minDelta is none', () => {
  assert.equal(follow({ patience: 2, minDelta: 0.5 }, [3, 2.6, 2.5, 0]).stopped, 2)
  assert.equal(follow({ patience: 2, minDelta: 0.5 }, [3, 2.6, 2.4, 2.3, 1.8]).stopped, null)
})

test('what is better when higher is known by its name, and can be told', () => {
  assert.deepEqual(follow({ patience: 1 }, [0.5, 0.6, 0.6], 'val_accuracy'), { stopped: 2, kept: [0, 1], best: 1 })
  assert.equal(follow({ patience: 1, mode: 'min' }, [0.5, 0.6], 'val_accuracy').stopped, 1)
  assert.equal(follow({ patience: 1, mode: 'max' }, [1, 2, 3]).stopped, null)
})

test('until it beats the baseline the patience runs, however much it improves', () => {
  assert.equal(follow({ patience: 3, baseline: 1 }, [5, 4, 3, 3.5]).stopped, 3)
  assert.equal(follow({ patience: 3, baseline: 1 }, [5, 4, 0.5, 0.6, 0.7, 0.4]).stopped, null)
})

test('epochs before startFromEpoch are not looked at', () => {
  assert.deepEqual(follow({ patience: 1, startFromEpoch: 3 }, [1, 9, 9, 5, 6]), { stopped: 4, kept: [3], best: 3 })
})

test('the first epoch that it sees is kept even where it is no improvement on anything', () => {
  assert.deepEqual(follow({ patience: 3 }, [Number.NaN, Number.NaN, 2, 3]).kept, [0, 2])
})

test('best weights are those of the strictly best value, and end nothing', () => {
  const best = createBestWeights(bestWeights.unwrap().unwrap().parse({}), KEYS)
  const verdicts = [3, 2, 2, 4, 1].map((value, epoch) => best.epochEnded(epoch, { val_loss: value }))
  assert.deepEqual(
    verdicts.map(({ best }) => best),
    [true, true, false, false, true],
  )
  assert.ok(verdicts.every(({ stop }) => !stop))
  assert.deepEqual(best.best(), { epoch: 4, monitor: 'val_loss', value: 1 })
})

test('a value that no epoch will have is refused with those that there will be', () => {
  assert.throws(
    () => createBestWeights(bestWeights.unwrap().unwrap().parse({ monitor: 'val_mae' }), ['loss', 'mae']),
    /^TrainerError: val_mae is to be watched, and the epochs' values will be loss, mae: there is a val_ value only with/,
  )
})

test('what it remembers can be handed on between any two epochs', () => {
  const values = [3, 2, 2.5, 1.9, 2, 2.2, 2.1]
  const rule = earlyStopping.unwrap().unwrap().parse({ patience: 3 })
  for (let cut = 0; cut < values.length; cut++) {
    const [first, second] = [createEarlyStopping(rule, KEYS), createEarlyStopping(rule, KEYS)]
    const stops = values.map((value, epoch) => {
      if (epoch === cut) second.memory.set(first.memory)
      return (epoch < cut ? first : second).epochEnded(epoch, { val_loss: value }).stop
    })
    assert.equal(stops.indexOf(true), 6)
  }
})
