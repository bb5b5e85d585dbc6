// Several jobs on one line, jobs by what they are, and a list that goes on: against a server that speaks the contract.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Job, JobRequest, type JobState, Problem, Why } from '../../packages/contracts/src/index.ts'
import { eventually } from '../support/eventually.ts'
import { type ContractServer, epochAt, now, REQUEST, startContractServer } from './cli-contract-server.ts'
import { addStream } from './cli-contract-stream.ts'
import { hasTerminal, REQUEST_YAML, requestFile, run, start } from './cli-run.ts'

let server: ContractServer
let stream: ReturnType<typeof addStream>
before(async () => {
  server = await startContractServer()
  stream = addStream(server)
})
after(() => server.stop())

const named = (name: string, labels: Record<string, string> = {}): string =>
  server.accept(JobRequest.parse({ ...REQUEST, name, labels })).id
const move = (id: string, to: JobState, change: Partial<Job> = {}): void => {
  const from = server.kept(id).job.state
  const ended = ['completed', 'failed', 'cancelled'].includes(to) ? { endedAt: now() } : {}
  server.tell(id, { type: 'state', at: now(), from, to, detail: '', evidence: [] }, { state: to, ...ended, ...change })
}
const failure = { reason: 'training' as const, detail: 'NaN.', action: 'Look.', evidence: [], logTail: '' }
const lines = (text: string): string[] => text.split('\n').filter(line => line !== '')

test('wait for several ends when all have, tells each as it ends, and the first on the line that did not complete decides', async () => {
  const [one, two, three] = [named('w1'), named('w2'), named('w3')]
  const waiting = start(server, ['wait', one, two, three])
  await eventually('it follows', () => stream.openStreams() > 0)
  move(three, 'failed', { failure })
  await waiting.says('w3\tfailed')
  move(two, 'cancelled')
  await waiting.says('w2\tcancelled')
  move(one, 'completed')
  const { code, stdout } = await waiting.ended
  assert.equal(code, 11)
  assert.equal(stdout, `ID\tNAME\tSTATE\n${three}\tw3\tfailed\n${two}\tw2\tcancelled\n${one}\tw1\tcompleted\n`)
})

test('wait for several: what has ended is told at once, a hold is an end, --json are the jobs', async () => {
  const [done, held] = [named('w4'), named('w5')]
  move(done, 'completed')
  const hold = { stage: 'prepare' as const, code: 'SSH_HOST_KEY', detail: 'It changed.', since: now() }
  server.put({ ...server.kept(held).job, hold })
  const { code, stdout } = await run(server, ['wait', done, held, done, '--json'])
  assert.equal(code, 12)
  assert.deepEqual(
    lines(stdout).map(line => Job.parse(JSON.parse(line)).id),
    [done, held],
  )
})

test('wait for several gives up after --timeout with 8, stops at Ctrl-C with 130, and a name that is none ends it at once', async () => {
  const [one, two] = [named('w6'), named('w7')]
  move(one, 'completed')
  const late = await run(server, ['wait', one, two, '--timeout', '1s'])
  assert.equal(late.code, 8)
  assert.match(late.stderr, new RegExp(`1 job of 2 has not ended yet\\. Next: trotline wait ${two}`))
  const opened = stream.state.opened
  const waiting = start(server, ['wait', one, two])
  await eventually('it follows', () => stream.state.opened > opened)
  waiting.kill('SIGINT')
  const { code, stderr } = await waiting.ended
  assert.equal(code, 130)
  assert.match(stderr, new RegExp(`The jobs go on: trotline wait ${two}`))
  assert.equal((await run(server, ['wait', two, 'no-such-job-of-it'])).code, 3)
})

test('wait for several goes on where it was when the line breaks, and asks by itself where there is no stream', async () => {
  const [one, two] = [named('w8'), named('w9')]
  const opened = stream.state.opened
  const waiting = start(server, ['wait', one, two])
  await eventually('it follows', () => stream.state.opened > opened)
  stream.cut()
  await waiting.says('Connection lost')
  // Before the stream is there again a look may tell of the job, too, and what is refused then was never said to be back.
  await waiting.says('Connected again; nothing is missing')
  move(one, 'completed')
  await waiting.says('w8\tcompleted')
  stream.state.refuses = 'absent'
  stream.cut()
  move(two, 'completed')
  const { code, stderr } = await waiting.ended
  stream.state.refuses = null
  assert.equal(code, 0, stderr)
})

test('show and why of several are one table in a pipe, one object a line with --json; one that is none is 3 and hides no other', async () => {
  const [one, two] = [named('s1'), named('s2')]
  const shown = await run(server, ['show', one, 'no-such-job-of-it', two])
  assert.equal(shown.code, 3)
  const [head, ...rows] = lines(shown.stdout).map(line => line.split('\t'))
  assert.deepEqual(head, ['ID', 'FIELD', 'VALUE'])
  assert.deepEqual([...new Set(rows.map(([id]) => id))], [one, two])
  assert.ok(rows.every(row => row.length === 3))
  const json = await run(server, ['show', one, 'no-such-job-of-it', two, '--json'])
  assert.deepEqual(
    lines(json.stdout).map(line => Job.parse(JSON.parse(line)).id),
    [one, two],
  )
  assert.equal(Problem.parse(JSON.parse(json.stderr)).code, 'no-such-job')
  const why = await run(server, ['why', one, two, '--json'])
  assert.equal(lines(why.stdout).map(line => Why.parse(JSON.parse(line))).length, 2)
  const piped = lines((await run(server, ['why', one, two])).stdout).map(line => line.split('\t'))
  assert.ok(piped.every(row => row.length === 3))
})

test('release, open and cancel take several, and one that is named twice is done once', async () => {
  const [one, two] = [named('r1'), named('r2')]
  const hold = { stage: 'prepare' as const, code: 'SSH_HOST_KEY', detail: 'It changed.', since: now() }
  server.put({ ...server.kept(two).job, hold })
  const released = await run(server, ['release', one, two, '--json'])
  assert.equal(released.code, 7)
  assert.equal(Job.parse(JSON.parse(released.stdout)).id, two)
  assert.equal(Problem.parse(JSON.parse(released.stderr)).code, 'job-not-held')
  const opened = await run(server, ['open', one, two])
  assert.equal(opened.stdout, `${server.url}/jobs/${one}\n${server.url}/jobs/${two}\n`)
  const before = server.requests.length
  assert.equal((await run(server, ['cancel', one, 'r1', two])).stdout, `${one}\n${two}\n`)
  assert.equal(server.requests.slice(before).filter(({ method }) => method === 'DELETE').length, 2)
})

test('cancel by what jobs are says how many and needs --yes where nobody can be asked; then it cancels those that go on', async () => {
  const label = { sweep: 'lr' }
  const [pending, running, ended] = [named('c1', label), named('c2', label), named('c3', label)]
  move(pending, 'pending')
  move(running, 'running')
  move(ended, 'completed')
  const asked = await run(server, ['cancel', '--label', 'sweep=lr'])
  assert.deepEqual([asked.code, asked.stdout], [2, ''])
  assert.match(
    asked.stderr,
    /Not cancelled: that would cancel 2 jobs \(1 running, 1 pending\), and nobody is there to be asked/,
  )
  assert.match(asked.stderr, /To do: trotline cancel --label sweep=lr --yes\n/)
  assert.equal(server.kept(running).job.cancelRequestedAt, null)
  const { code, stdout } = await run(server, ['cancel', '--label', 'sweep=lr', '--state', 'running', '--yes'])
  assert.deepEqual([code, stdout], [0, `${running}\n`])
  assert.equal(server.kept(pending).job.cancelRequestedAt, null)
  const none = await run(server, ['cancel', '--name', 'of-nobody', '--yes'])
  assert.deepEqual([none.code, none.stdout], [0, ''])
  assert.match(none.stderr, /nothing is cancelled/)
  const wrong = [
    ['cancel'],
    ['cancel', 'c1', '--state', 'pending'],
    ['cancel', '--state', 'pending', '--force'],
    ['cancel', 'c1', '--everyone'],
  ]
  const codes = await Promise.all(wrong.map(async argv => (await run(server, argv)).code))
  assert.deepEqual(codes, [2, 2, 2, 2])
})

test('cancel by what jobs are means one’s own, also for an operator who sees the jobs of everyone, unless --everyone is said', async () => {
  const label = { whose: 'any' }
  const [mine, theirs] = [named('o1', label), named('o2', label)]
  server.put({ ...server.kept(theirs).job, owner: { id: 'somebody', name: 'Some Body' } })
  const argv = ['cancel', '--label', 'whose=any', '--yes']
  assert.equal((await run(server, argv)).stdout, `${mine}\n`)
  assert.equal(server.kept(theirs).job.cancelRequestedAt, null)
  const asked = await run(server, [...argv.slice(0, -1), '--everyone'])
  assert.match(asked.stderr, /cancel 2 jobs .*\n[\s\S]*To do: trotline cancel --label whose=any --everyone --yes\n/)
  assert.ok((await run(server, [...argv, '--everyone'])).stdout.includes(theirs))
})

test('on a terminal a job that no longer is what was chosen when y is typed is left alone', {
  skip: !hasTerminal,
}, async () => {
  const label = { asked: 'late' }
  const [one, two] = [named('b1', label), named('b2', label)]
  for (const id of [one, two]) move(id, 'pending')
  const asking = start(server, ['cancel', '--state', 'pending', '--label', 'asked=late'], { columns: 120 })
  await asking.says('Cancel 2 jobs (2 pending)?')
  move(one, 'running')
  asking.type('y\r')
  const { code, stdout } = await asking.ended
  assert.equal(code, 0, stdout)
  assert.match(stdout, /1 job of them no longer fit/)
  assert.equal(server.kept(one).job.cancelRequestedAt, null)
  assert.notEqual(server.kept(two).job.cancelRequestedAt, null)
  for (const id of [one, two]) move(id, 'cancelled')
})

test('on a terminal cancel asks with the count, and only y is yes', { skip: !hasTerminal }, async () => {
  const label = { asked: 'yes' }
  const [one, two] = [named('a1', label), named('a2', label)]
  for (const [answer, wished] of [
    ['n', false],
    ['y', true],
  ] as const) {
    const asking = start(server, ['cancel', '--label', 'asked=yes'], { columns: 80 })
    await asking.says('Cancel 2 jobs (2 accepted)?')
    asking.type(`${answer}\r`)
    const { code, stdout } = await asking.ended
    assert.equal(code, 0, stdout)
    for (const id of [one, two]) assert.equal(server.kept(id).job.cancelRequestedAt !== null, wished, stdout)
  }
})

test('list --watch is told by the stream: a line for each change, and nothing is asked for while nothing happens', async () => {
  const one = named('l1')
  const opened = stream.state.opened
  const watching = start(server, ['list', '--watch', '--limit', '5', '--json'])
  await watching.says('"l1"')
  await eventually('it follows', () => stream.state.opened > opened)
  const asked = () => server.requests.filter(({ url }) => url.startsWith('/v1/jobs?')).length
  // A list that was asked for while the stream was opened may be on its way: what comes without a question came by the stream.
  let probes = 0
  await eventually('the stream tells', async () => {
    const before = asked()
    await watching.says(named(`probe-${++probes}`))
    return asked() === before
  })
  move(one, 'pending')
  const before = asked()
  await watching.says('"state":"pending"')
  move(one, 'running')
  await watching.says('"state":"running"')
  const two = named('l2')
  await watching.says(two)
  assert.equal(asked(), before)
  stream.cut()
  move(two, 'failed', { failure })
  await watching.says('"state":"failed"')
  await eventually('it comes back with where it stood', () => stream.state.resumed.length > 0)
  watching.kill('SIGINT')
  const { code, stdout } = await watching.ended
  assert.equal(code, 130)
  const told = lines(stdout).map(line => JSON.parse(line) as { name: string; state: string })
  assert.deepEqual(
    told.filter(({ name }) => name === 'l1' || name === 'l2').map(({ name, state }) => `${name} ${state}`),
    ['l1 accepted', 'l1 pending', 'l1 running', 'l2 accepted', 'l2 failed'],
  )
})

test('list --watch asks again and again where the stream is refused', async () => {
  const one = named('l3', { watched: 'here' })
  const watching: ReturnType<typeof start>[] = []
  for (const refuses of ['absent', 'page'] as const) {
    const { refused } = stream.state
    stream.state.refuses = refuses
    const list = start(server, ['list', '--watch', '--label', 'watched=here'])
    watching.push(list)
    await eventually('it was refused', () => stream.state.refused > refused)
    await list.says('l3\taccepted')
  }
  move(one, 'running')
  for (const list of watching) {
    await list.says('l3\trunning')
    list.kill('SIGINT')
    const { code, stdout, stderr } = await list.ended
    assert.deepEqual([code, stderr], [130, ''])
    assert.match(stdout, /^ID\tNAME\tSTATE\t/)
  }
  stream.state.refuses = null
})

test('on a terminal the list is drawn over itself, no line is blank in between, and Ctrl-C leaves it standing', {
  skip: !hasTerminal,
}, async () => {
  const one = named('l4', { drawn: 'once' })
  const watching = start(server, ['list', '--watch', '--label', 'drawn=once'], { columns: 100 })
  await watching.says('accepted')
  await watching.says('Ctrl-C ends it')
  move(one, 'running')
  await watching.says('running')
  watching.type('\u0003')
  const { code, stdout } = await watching.ended
  assert.equal(code, 130)
  // Erased is only what lies to the right of what was written, and below the last line.
  assert.ok(!stdout.includes('\u001b[2J'))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the cursor goes up
  const frames = stdout.split(/\u001b\[\d+A\r+/)
  assert.ok(frames.length >= 2, JSON.stringify(stdout))
  for (const frame of frames.slice(1))
    assert.ok(frame.indexOf('\u001b[J') > frame.indexOf('Ctrl-C'), JSON.stringify(frame))
})

test('epochs --watch prints each epoch once as it comes, those of a further attempt again, and ends as the job does', async () => {
  const one = named('e1')
  move(one, 'running')
  server.report(one, [epochAt(0, 4), epochAt(1, 3)])
  const watching = start(server, ['epochs', one, '--watch'])
  await watching.says('\t3\t')
  server.report(one, [epochAt(2, 2)])
  await watching.says('\t2\t')
  server.report(one, [epochAt(1, 2.5, { attempt: 2 })])
  await watching.says('\t2.5\t')
  move(one, 'failed', { failure })
  const { code, stdout } = await watching.ended
  assert.equal(code, 10)
  const [head, ...rows] = lines(stdout).map(line => line.split('\t'))
  assert.deepEqual(head, ['epoch', 'attempt', 'at', 'seconds', 'loss', 'val_loss'])
  assert.deepEqual(
    rows.map(([epoch, attempt, , , loss]) => `${epoch} ${attempt} ${loss}`),
    ['1 1 4', '2 1 3', '3 1 2', '2 2 2.5'],
  )
})

test('list prints the columns that are asked for, loss among them, and submit gives a job its labels', async () => {
  const one = named('n1', { column: 'loss' })
  const nan = { ...epochAt(0, 0), values: { loss: null }, nonFinite: { loss: 'nan' as const } }
  server.report(one, [nan])
  const { stdout } = await run(server, ['list', '--label', 'column=loss', '--columns', 'loss,name'])
  assert.equal(stdout, 'LOSS\tNAME\nnan\tn1\n')
  assert.equal((await run(server, ['list', '--columns', 'name,colour'])).code, 2)
  const argv = ['submit', requestFile(REQUEST_YAML), '--label', 'project=reef', '--label', 'run=7', '--json']
  const job = Job.parse(JSON.parse((await run(server, argv)).stdout))
  assert.deepEqual(job.request.labels, { project: 'reef', run: '7' })
})
