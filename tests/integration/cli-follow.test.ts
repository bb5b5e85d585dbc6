// Following a job: plain lines into a pipe, a bar on a terminal, and what a lost line or Ctrl-C does.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Job, JobEvent, type JobState } from '../../packages/contracts/src/index.ts'
import { eventually } from '../support/eventually.ts'
import { type ContractServer, epochAt, now, REQUEST, startContractServer } from './cli-contract-server.ts'
import { hasTerminal, REQUEST_YAML, requestFile, run, start } from './cli-run.ts'

let server: ContractServer
before(async () => {
  server = await startContractServer()
})
after(() => server.stop())

const move = (id: string, to: JobState, change: Partial<Job> = {}) => {
  const from = server.kept(id).job.state
  server.tell(id, { type: 'state', at: now(), from, to, detail: `now ${to}`, evidence: [] }, { state: to, ...change })
}
/** Of this job: one that an earlier test left may not have been seen to be closed. */
const streamIsOpen = (of: ContractServer, id: string) =>
  eventually(`the events of ${id} are followed`, () => of.requests.some(one => one.url.endsWith(`${id}/events`)))
const submitted = async (text: string, says: (text: string) => Promise<void>) => {
  await says(text)
  const id = [...server.jobs.keys()].at(-1) ?? ''
  await streamIsOpen(server, id)
  return id
}
// Time stamps in the node's own time, so that the pace is the same on every machine.
const epochs = (from: number, to: number, attempt = 1) =>
  Array.from({ length: to - from }, (_, at) =>
    epochAt(from + at, 10 / (from + at + 1), {
      attempt,
      at: new Date(Date.UTC(2026, 0, 1) + (from + at) * 60_000).toISOString(),
    }),
  )
// biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for exactly these
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f]/

test('submit --follow into a pipe prints plain lines, one per state and per 10 %, and ends as the job does', async () => {
  const following = start(server, ['submit', requestFile(REQUEST_YAML), '--follow'])
  const id = await submitted('Accepted', following.says)
  move(id, 'pending')
  move(id, 'running')
  for (let at = 0; at < 20; at += 1) server.report(id, epochs(at, at + 1))
  move(id, 'completed', { endedAt: now() })
  const { code, stdout, stderr } = await following.ended
  assert.equal(code, 0)
  assert.equal(stdout, `${id}\n`)
  assert.doesNotMatch(stderr, CONTROL)
  assert.equal(stderr.match(/epoch \d+\/20/g)?.length, 10)
  for (const state of ['pending', 'running', 'completed']) assert.ok(stderr.includes(state))
  assert.match(stderr, /epoch 20\/20 {2}100 % {2}loss 0\.5000 {2}\(best 0\.5000 @20\) {2}val_loss 0\.6000/)
})

test('the best loss counts epochs that came in one report with others', async () => {
  const { id } = server.accept({ ...REQUEST, name: 'batched' })
  move(id, 'running')
  const following = start(server, ['wait', id])
  await following.says('running')
  const batch = epochs(0, 10)
  server.report(id, [...batch.slice(0, 4), epochAt(4, 0.125), ...batch.slice(5)])
  await following.says('(best 0.1250 @5)')
  move(id, 'failed', {
    failure: {
      reason: 'training',
      detail: 'The loss is NaN.',
      action: 'Look at the data.',
      evidence: [],
      logTail: 'NaN',
    },
  })
  const { code, stdout, stderr } = await following.ended
  assert.deepEqual([code, stdout], [10, 'failed\n'])
  assert.ok(stderr.indexOf('To do: Look at the data.') > stderr.indexOf('The loss is NaN.'))
})

test('a lost connection is said, resumed after the last event seen, and nothing is told twice', async () => {
  const { id } = server.accept({ ...REQUEST, name: 'cut' })
  const following = start(server, ['wait', id])
  await streamIsOpen(server, id)
  move(id, 'pending')
  await following.says('now pending')
  server.cutStreams()
  await following.says('Connection lost')
  move(id, 'running')
  await following.says('Connected again')
  move(id, 'completed', { endedAt: now() })
  const { code, stderr } = await following.ended
  assert.equal(code, 0)
  assert.equal(stderr.match(/now pending/g)?.length, 1)
  assert.equal(stderr.match(/now running/g)?.length, 1)
  const resumed = server.requests.filter(one => one.url.endsWith(`${id}/events`)).at(-1)
  assert.equal(resumed?.headers['last-event-id'], '2')
})

test('a server that stays away ends the following with 6 and names the command to go on with', async () => {
  const own = await startContractServer()
  const { id } = own.accept({ ...REQUEST, name: 'away' })
  const following = start(own, ['wait', id, '--patience', '1'])
  await streamIsOpen(own, id)
  await own.stop()
  const { code, stdout, stderr } = await following.ended
  assert.deepEqual([code, stdout], [6, ''])
  assert.ok(stderr.includes(`trotline wait ${id}`))
})

test('Ctrl-C stops the following with 130 and never cancels', async () => {
  const { id } = server.accept({ ...REQUEST, name: 'interrupted' })
  for (const argv of [
    ['wait', id],
    ['logs', id, '--follow'],
  ]) {
    const following = start(server, argv)
    const asked = `/v1/jobs/${id}/${argv[0] === 'wait' ? 'events' : 'logs'}`
    await eventually(`${asked} is asked for`, () => server.requests.some(one => one.url.startsWith(asked)))
    following.kill('SIGINT')
    const { code, stderr } = await following.ended
    assert.equal(code, 130)
    assert.match(stderr, new RegExp(`Stopped following\\. The job goes on: trotline (wait|logs) ${id}`))
  }
  assert.ok(!server.requests.some(one => one.method === 'DELETE'))
})

test('--json streams one object a line: the job, its events, the job at its end', async () => {
  const following = start(server, ['submit', requestFile(REQUEST_YAML), '--follow', '--json'])
  const id = await submitted('"state":"accepted"', following.says)
  move(id, 'running')
  server.report(id, epochs(0, 2))
  move(id, 'completed', { endedAt: now() })
  const lines = (await following.ended).stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.equal(Job.parse(lines[0]).state, 'accepted')
  assert.equal(Job.parse(lines.at(-1)).state, 'completed')
  const events = lines.slice(1, -1).map(({ seq, ...event }) => JobEvent.parse(event).type)
  assert.deepEqual(events, ['state', 'epochs', 'state'])
})

const skip = hasTerminal
  ? false
  : 'no pseudo-terminal can be made here (script of util-linux): the progress bar was not tested'

test('on a terminal a bar is redrawn in one line that never wraps, and is gone at the end', { skip }, async () => {
  const following = start(server, ['submit', requestFile(REQUEST_YAML), '--follow'], { columns: 100 })
  const id = await submitted('Accepted', following.says)
  move(id, 'running')
  server.report(id, epochs(0, 8))
  await following.says('epoch  8/20')
  server.report(id, epochs(8, 16))
  await following.says('epoch 16/20')
  move(id, 'completed', { endedAt: now() })
  const { code, stdout } = await following.ended
  assert.equal(code, 0)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
  const plain = stdout.replace(/\u001b\[[0-9;]*m/g, '')
  const drawn = plain.split('\r\u001b[K').filter(part => part.includes('epoch ') && !part.includes('\n'))
  assert.ok(drawn.length >= 2)
  for (const line of drawn) assert.ok(line.length < 100, line)
  assert.ok(
    drawn.some(line => /running .*epoch 16\/20 {2}█+▏?.*80 % {2}loss 0\.6250.*~4 min left/.test(line)),
    drawn.at(-1),
  )
  assert.match(plain.split('\r\u001b[K').at(-1) ?? '', /✓ completed {2}t[0-9]+ auto-mpg/)
})

test('what a log writes cannot command the terminal, unless --raw asks for its bytes as they are', {
  skip,
}, async () => {
  const { id } = server.accept({ ...REQUEST, name: 'hostile' })
  const attempt = {
    run: '1-0',
    attempt: 1,
    slurmJobId: '1',
    node: 'c1',
    resumed: null,
    startedAt: now(),
    endedAt: null,
    ending: null,
  }
  server.put({ ...server.kept(id).job, state: 'running', runs: [attempt] })
  server.log(id, '1-0', '\u001b]0;title\u0007\u001b]52;c;AAAA\u001b\\\u001b[2J\u001b[31mred\u001b[0m\n')
  const { stdout } = await run(server, ['logs', id], { columns: 80 })
  assert.ok(stdout.includes('\u001b[31mred\u001b[0m'))
  assert.ok(!stdout.includes('title') && !stdout.includes('AAAA') && !stdout.includes('\u001b[2J'))
  const raw = await run(server, ['logs', id, '--raw'], { columns: 80 })
  assert.ok(raw.stdout.includes('\u001b]0;title\u0007\u001b]52;c;AAAA\u001b\\\u001b[2J\u001b[31mred'), raw.stdout)
  const found = await run(server, ['logs', id, '--grep', 'red', '--raw'], { columns: 80 })
  assert.ok(found.stdout.includes('\u001b]0;title\u0007'), found.stdout)
  assert.equal((await run(server, ['logs', id, '--raw', '--json'])).code, 2)
})
