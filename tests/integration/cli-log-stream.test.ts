// logs --follow against a server that streams logs: what it writes, how often it asks, and what it does where no stream is to be had.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { JobRequest, type Run } from '../../packages/contracts/src/index.ts'
import { eventually } from '../support/eventually.ts'
import { addLogStream } from './cli-contract-log-stream.ts'
import { type ContractServer, now, REQUEST, startContractServer } from './cli-contract-server.ts'
import { start } from './cli-run.ts'

let server: ContractServer
let stream: ReturnType<typeof addLogStream>
before(async () => {
  server = await startContractServer()
  stream = addLogStream(server)
})
after(() => server.stop())
beforeEach(() => {
  Object.assign(stream.state, { refuses: null, resumed: [], pieces: 0 })
})

const aRun = (attempt: number, change: Partial<Run> = {}): Run => ({
  ...{ run: `1-${attempt - 1}`, attempt, slurmJobId: '4711', node: `c${attempt}`, resumed: null },
  ...{ startedAt: now(), endedAt: null, ending: null, ...change },
})
const running = (name: string, ...runs: Run[]): string => {
  const { id } = server.accept(JobRequest.parse({ ...REQUEST, name }))
  server.put({ ...server.kept(id).job, state: 'running', runs })
  return id
}
const complete = (id: string): void => void server.put({ ...server.kept(id).job, state: 'completed', endedAt: now() })

test('a log is told by one connection, across attempts and to its last byte, and no piece of it is asked for but its end', async () => {
  const id = running('streamed', aRun(1))
  server.log(id, '1-0', Buffer.from('grü').subarray(0, 3))
  const following = start(server, ['logs', id, '--follow'])
  await following.says('gr')
  server.log(id, '1-0', Buffer.concat([Buffer.from('ü').subarray(1), Buffer.from('n\n')]))
  await following.says('n\n')
  server.put({ ...server.kept(id).job, runs: [aRun(1), aRun(2)] })
  server.log(id, '1-1', 'again\n')
  await following.says('again')
  server.log(id, '1-1', Buffer.from([0xff, 0x0a]))
  complete(id)
  const { code, bytes, stderr } = await following.ended
  assert.equal(code, 0, stderr)
  assert.deepEqual(bytes, Buffer.concat([Buffer.from('grün\nagain\n'), Buffer.from([0xff, 0x0a])]))
  assert.equal(stderr.match(/attempt 2 \(run 1-1\) began on c2/g)?.length, 1)
  assert.deepEqual(stream.state.resumed, ['1:3'])
  assert.equal(stream.state.pieces, 1)
})

test('a stream that breaks is taken up at the byte it stood at, and nothing is missing or comes twice', async () => {
  const id = running('broken', aRun(1))
  server.log(id, '1-0', 'one\n')
  const following = start(server, ['logs', id, '--follow', '--json'])
  await following.says('one')
  await eventually('it follows', () => stream.state.resumed.length === 1)
  server.log(id, '1-0', 'two\n')
  await following.says('two')
  stream.cut()
  server.log(id, '1-0', 'three\n')
  await following.says('three')
  complete(id)
  const { code, stdout, stderr } = await following.ended
  assert.equal(code, 0, stderr)
  const told = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as unknown)
  assert.deepEqual(told, [
    { run: '1-0', offset: 0, next: 4, text: 'one\n' },
    { run: '1-0', offset: 4, next: 8, text: 'two\n' },
    { run: '1-0', offset: 8, next: 14, text: 'three\n' },
  ])
  assert.equal(stderr.match(/at byte 8; nothing is missing/g)?.length, 1)
  assert.deepEqual(stream.state.resumed, ['1:4', '1:8'])
})

test('a job that has no run yet is followed from its first byte; a file that was cut short is told from its beginning', async () => {
  const id = running('waits')
  const following = start(server, ['logs', id, '--follow'])
  await eventually('it follows', () => stream.state.resumed.length === 1)
  server.put({ ...server.kept(id).job, runs: [aRun(1)] })
  server.log(id, '1-0', 'first\n')
  await following.says('first')
  server.kept(id).logs.set('1-0:stdout', Buffer.from('new\n'))
  await following.says('new')
  complete(id)
  const { code, stdout, stderr } = await following.ended
  assert.deepEqual([code, stdout], [0, 'first\nnew\n'])
  assert.match(stderr, /the log was cut short by the job/)
  assert.doesNotMatch(stderr, /began on/, 'the first attempt needs no line')
  assert.deepEqual(stream.state.resumed, [''])
})

/** To its end, every byte once. Answers what was said beside. */
async function followsOneAndTwo(name: string): Promise<string> {
  const id = running(name, aRun(1))
  server.log(id, '1-0', 'one\n')
  const following = start(server, ['logs', id, '--follow'])
  await following.says('one')
  server.log(id, '1-0', 'two\n')
  await following.says('two')
  complete(id)
  const { code, stdout, stderr } = await following.ended
  assert.deepEqual([code, stdout], [0, 'one\ntwo\n'], stderr)
  return stderr
}

for (const refuses of ['page', 'many'] as const)
  test(`where ${refuses === 'page' ? 'a page comes in place of a stream' : 'there are too many streams'} the log is asked for, to the same bytes`, async () => {
    stream.state.refuses = refuses
    const stderr = await followsOneAndTwo('asked')
    assert.doesNotMatch(stderr, /Trying again/)
    assert.deepEqual(stream.state.resumed, [])
  })

test('where every stream ends as soon as it has begun the log is asked for after three of them, to the same bytes', async () => {
  stream.state.refuses = 'end'
  await followsOneAndTwo('barren')
  assert.deepEqual(stream.state.resumed, ['1:4', '1:4', '1:4'])
})

test('with --json half a character at the end of a file that is cut short is told as it is, and not put before what comes', async () => {
  const id = running('halved', aRun(1))
  server.log(id, '1-0', Buffer.from('grü').subarray(0, 3))
  const following = start(server, ['logs', id, '--follow', '--json'])
  await following.says('"gr"')
  await eventually('it follows', () => stream.state.resumed.length === 1)
  server.kept(id).logs.set('1-0:stdout', Buffer.from('a\n'))
  await following.says('"a\\n"')
  complete(id)
  const { code, stdout, stderr } = await following.ended
  assert.equal(code, 0, stderr)
  const told = stdout.trimEnd().split('\n')
  assert.deepEqual(
    told.map(line => JSON.parse(line) as unknown),
    [
      { run: '1-0', offset: 0, next: 2, text: 'gr' },
      { run: '1-0', offset: 2, next: 3, base64: 'ww==' },
      { run: '1-0', offset: 0, next: 2, text: 'a\n' },
    ],
  )
})

test('one attempt alone is followed to its end, and a job that is held to what it wrote so far, with 12', async () => {
  const id = running('pinned', aRun(1), aRun(2))
  server.log(id, '1-0', 'of one\n')
  server.log(id, '1-1', 'of two\n')
  const pinned = start(server, ['logs', id, '--follow', '--attempt', '1'])
  await eventually('it follows', () => stream.state.resumed.length === 1)
  server.put({ ...server.kept(id).job, runs: [aRun(1, { endedAt: now(), ending: 'lost' }), aRun(2)] })
  const one = await pinned.ended
  assert.deepEqual([one.code, one.stdout], [8, 'of one\n'], one.stderr)

  const held = start(server, ['logs', id, '--follow'])
  await eventually('it follows', () => stream.state.resumed.length === 2)
  const hold = { stage: 'prepare' as const, code: 'SSH_HOST_KEY', detail: 'It changed.', since: now() }
  server.put({ ...server.kept(id).job, hold })
  const two = await held.ended
  assert.deepEqual([two.code, two.stdout], [12, 'of two\n'], two.stderr)
})
