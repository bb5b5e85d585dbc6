import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countText } from '../../../apps/cli/src/commands/cancel.ts'
import type { Context } from '../../../apps/cli/src/context.ts'
import { each, exitOfSeveral } from '../../../apps/cli/src/each-job.ts'
import { CliError } from '../../../apps/cli/src/errors.ts'
import { EXIT, type ExitCode } from '../../../apps/cli/src/exit-codes.ts'
import { createStyle } from '../../../apps/cli/src/text/style.ts'
import { summary } from '../../support/job-summary.ts'

const heard: string[] = []
const out = {
  json: false,
  sayStyle: createStyle({ colour: false, utf8: true }),
  complain: (text: string) => heard.push(text),
} as unknown as Context['out']
const conflict = () => new CliError('CONFLICT', 'It has ended.')

test('of several the first on the line that is not 0 decides, not the worst and not the last', () => {
  assert.equal(exitOfSeveral([EXIT.done, EXIT.cancelled, EXIT.failed]), EXIT.cancelled)
  assert.equal(exitOfSeveral([EXIT.done, EXIT.done]), EXIT.done)
  assert.equal(exitOfSeveral([]), EXIT.done)
})

test('each is tried whatever becomes of the one before, and what failed is said with its name', async () => {
  heard.length = 0
  const tried: string[] = []
  const exit = await each({ out }, ['a', 'b', 'c'], 'Not cancelled', async word => {
    tried.push(word)
    if (word === 'b') throw conflict()
    return word === 'c' ? EXIT.failed : EXIT.done
  })
  assert.deepEqual([exit, tried], [EXIT.conflict, ['a', 'b', 'c']])
  assert.match(heard.join(''), /^Not cancelled: b: it has ended\./)
})

test('a server that is away, or a token that is not taken, ends it at once and names what was not tried', async () => {
  for (const error of [new CliError('COULD_NOT_ASK', 'Could not ask.'), new CliError('NO_TOKEN', 'No token.')]) {
    let tries = 0
    const work = async (): Promise<ExitCode> => {
      tries += 1
      throw error
    }
    await assert.rejects(each({ out }, ['a', 'b', 'c'], null, work), (thrown: CliError) => {
      assert.match(thrown.options.facts?.join(' ') ?? '', /Not tried any more: b, c/)
      return thrown.exit === error.exit
    })
    assert.equal(tries, 1)
  }
})

test('the only one is thrown as it is', async () => {
  await assert.rejects(
    each({ out }, ['a'], null, async () => {
      throw conflict()
    }),
    (thrown: CliError) => thrown.code === 'CONFLICT',
  )
})

test('a count names the states as they are shown, what is furthest first', () => {
  const jobs = (['pending', 'running', 'pending', 'accepted'] as const).map(state => summary({ state }))
  const held = summary({ state: 'pending', hold: 'SSH_HOST_KEY' })
  assert.equal(countText(jobs), '4 jobs (1 running, 2 pending, 1 accepted)')
  assert.equal(countText([held]), '1 job (1 held)')
})
