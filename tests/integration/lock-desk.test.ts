// Large locks are read, written and compared in a thread: what comes of it, and that nobody else waits for it.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { canonicalJson, LOCK_FORMATS, writeLock } from '@trotline/environment'
import { createLockDesk, type LockDesk, type LockDeskLimits } from '../../apps/orchestrator/src/solving/lock-desk.ts'
import { largeLock, tutorialLock } from '../support/locks.ts'
import { longestBlock } from '../support/solving.ts'

const desks: LockDesk[] = []
const desk = (limits: Partial<LockDeskLimits> = {}): LockDesk => {
  const one = createLockDesk(limits)
  desks.push(one)
  return one
}
after(() => Promise.all(desks.map(one => one.close())))

const body = (lock: unknown, rest: object = {}): Buffer => Buffer.from(JSON.stringify({ ...rest, lock }))

const MOST_BLOCKED_MS = 100

/** What came of it; fails where the event loop stood still for long meanwhile, and not for want of a processor. */
async function withoutBlock<T>(work: () => Promise<T>): Promise<T> {
  const { value, blockedMs } = await longestBlock(work)
  assert.ok(blockedMs < MOST_BLOCKED_MS, `the event loop stood still for ${blockedMs} ms`)
  return value
}

describe('a lock of a request', () => {
  for (const format of LOCK_FORMATS)
    test(`in the form of ${format} has the id of the lock that it was written from, in the thread as at once`, async () => {
      const pinned = tutorialLock()
      const sent = body(writeLock(pinned, format).text, { name: 'ml' })
      for (const where of [desk(), desk({ atOnceBytes: 0 })]) {
        const opened = await where.open(sent)
        assert.ok(opened.json && opened.lock?.ok, JSON.stringify(opened))
        assert.deepEqual([opened.lock.lock.id, opened.lock.lock.packages], [pinned.id, 3])
        assert.deepEqual(opened.rest, { name: 'ml', lock: '' })
        assert.deepEqual(opened.lock.lock.requirements, ['CUDA 9.2 or newer (cudatoolkit)'])
      }
    })

  test('may be an object, and a request may have none', async () => {
    const { id, lock } = tutorialLock()
    const opened = await desk().open(body(lock))
    assert.ok(opened.json && opened.lock?.ok && opened.lock.lock.id === id)
    assert.deepEqual(await desk().open(Buffer.from('{"spec":"x"}')), { json: true, rest: { spec: 'x' }, lock: null })
  })

  test('that is none is answered with what is wrong, not with an error', async () => {
    const opened = await desk().open(body('name: x'))
    assert.ok(opened.json && opened.lock?.ok === false && opened.lock.findings.length > 0)
    assert.deepEqual(await desk().open(Buffer.from('{"lock": ')), { json: false, why: 'The body is not JSON.' })
    const polluted = await desk().open(Buffer.from('{"__proto__": {"lock": 1}}'))
    assert.equal(polluted.json, false)
  })

  test('comes without what else is too long beside it', async () => {
    const opened = await desk().open(body('x', { spec: 'y'.repeat(2_100_000) }))
    assert.deepEqual([opened.json, opened.json && opened.rest], [true, null])
  })
})

test('a spec at its limits is read without the event loop standing still, with the places of what is wrong', async () => {
  const lines = Array.from(
    { length: 499 },
    (_, i) => `  - package-${i}>=1.${i},<2 # as long as a line with a remark is`,
  )
  const one = desk()
  await one.open(body('x'.repeat(20_000)))
  const right = await withoutBlock(() => one.spec(`channels: [main]\ndependencies:\n${lines.join('\n')}\n`))
  assert.ok(right.ok && right.value.dependencies.length === 499)
  const wrong = await one.spec(`channels: [main]\ndependencies:\n${lines.join('\n')}\n  - a;b\n`)
  assert.ok(!wrong.ok && wrong.findings[0]?.line === 502)
  assert.deepEqual(await desk().spec({ channels: ['main'], dependencies: ['a'] }), {
    ok: true,
    value: { channels: ['main'], dependencies: ['a'] },
    notes: [],
  })
})

describe('a lock of 5,000 packages', () => {
  const large = largeLock(5000)
  const canonical = canonicalJson(large.lock)
  const condaLock = writeLock(large, 'conda-lock').text

  test('is read from a conda-lock file without the event loop standing still', async () => {
    const one = desk()
    const sent = body(condaLock)
    const opened = await withoutBlock(() => one.open(sent))
    assert.ok(opened.json && opened.lock?.ok && opened.lock.lock.id === large.id)
  })

  test('is written and compared in the thread, too', async () => {
    const one = desk()
    const side = { id: large.id, canonical }
    const written = await withoutBlock(() => one.write(side, 'pixi'))
    assert.match(written.text, /^version: 6$/m)
    const other = largeLock(4999)
    const diff = await one.diff(side, { id: other.id, canonical: canonicalJson(other.lock) })
    assert.deepEqual(
      diff.changes.map(({ kind, name }) => [kind, name]),
      [['removed', 'package-4999']],
    )
  })

  test('that takes longer than it may is given up, and the next is read', async () => {
    const hasty = desk({ timeLimitMs: 50 })
    const [first, second] = [hasty.open(body(condaLock)), hasty.open(body(canonical))]
    await assert.rejects(first, { code: 'SOLVE_TIME_LIMIT' })
    await second.catch(error => assert.equal(error.code, 'SOLVE_TIME_LIMIT'))
    assert.ok((await hasty.open(body('x'))).json)
  })

  test('that needs more memory than it may ends the thread and not the server', async () => {
    const small = desk({ memoryMiB: 24 })
    await assert.rejects(small.open(body(condaLock)), { code: 'SOLVE_MEMORY_LIMIT' })
    assert.ok((await small.open(body('x'))).json)
  })

  test('that ends the thread with a bug is told as one, and not as too much memory', async () => {
    const desk = createLockDesk({ atOnceBytes: 0 })
    desks.push(desk)
    // What is kept was read before: nobody but a bug has it written.
    await assert.rejects(desk.write({ id: 'x', canonical: 'no JSON' }, 'explicit'), { name: 'SyntaxError' })
    assert.ok((await desk.open(body('x'))).json)
  })

  test('waits for those before it, and is refused where too many wait', async () => {
    const busy = desk({ waiting: 1 })
    const [running, waiting, refused] = [0, 1, 2].map(() => busy.open(body(canonical)))
    await assert.rejects(refused ?? assert.fail(), { code: 'SOLVE_BUSY' })
    assert.ok((await running)?.json && (await waiting)?.json)
  })
})
