import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlurmError } from '../../../packages/slurm/src/errors.ts'
import { Loss } from '../../../packages/slurm/src/loss.ts'

const lost = (message: string) => new SlurmError('SSH_LOST', { message })

test('work that ends before the loss keeps its result, work under way gets the loss', async () => {
  const loss = new Loss()
  assert.equal(await loss.orLost(Promise.resolve('done')), 'done')
  await assert.rejects(loss.orLost(Promise.reject(new Error('its own'))), /its own/)
  const underWay = assert.rejects(loss.orLost(new Promise(() => {})), { code: 'SSH_LOST' })
  loss.lose(lost('first'))
  await underWay
  await assert.rejects(loss.orLost(new Promise(() => {})), { code: 'SSH_LOST' })
})

test('only the first loss counts, and is told once to each', () => {
  const loss = new Loss()
  const told: string[] = []
  loss.onLost(error => told.push(error.message))
  loss.lose(lost('first'))
  loss.lose(lost('second'))
  loss.onLost(error => told.push(error.message))
  assert.equal(told.length, 2)
  assert.ok(told.every(message => message.endsWith('first')))
})
