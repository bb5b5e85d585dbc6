// The command line against the server itself, over lines that break again and again: nothing is lost, nothing comes twice.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { App } from '../../apps/orchestrator/src/app.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import { type BreakingRelay, createBreakingRelay } from '../support/breaking-relay.ts'
import { eventually } from '../support/eventually.ts'
import { AT, trainingReport } from '../support/job-records.ts'
import { answerAsOwner } from '../support/local-owner.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'
import { run, start } from './cli-run.ts'

let rig: RedisRig
let store: Store
let app: App
let owner: Awaited<ReturnType<typeof answerAsOwner>>
let server: { url: string }
let port: number
const workDir = mkdtempSync(join(tmpdir(), 'trotline-breaks-'))
const relays: BreakingRelay[] = []
before(async () => {
  rig = await createRedisRig()
  store = await rig.open()
  app = await rig.serve(store, {}, { cluster: { workDir } })
  owner = await answerAsOwner(store)
  server = { url: await app.http.listen({ host: '127.0.0.1', port: 0 }) }
  port = Number(new URL(server.url).port)
})
after(async () => {
  for (const relay of relays) await relay.close()
  await owner.close()
  await rig.close()
  rmSync(workDir, { recursive: true, force: true })
})

const env = { TROTLINE_TOKEN: TOKENS.ada }
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
async function breaking(options: { times: number; mostBytes: number; seed: number }) {
  const relay = await createBreakingRelay(port, options)
  relays.push(relay)
  return { relay, server: { url: `http://127.0.0.1:${relay.port}` } }
}
const someRun = { run: '1-0', attempt: 1, slurmJobId: '17', node: 'c01', resumed: null, startedAt: AT }
const folderOf = (id: string): string => join(workDir, 'jobs/ada', id, 'runs/1-0')

const FOLLOWERS = 10
const BREAKS = 100

test(`logs --follow, ${FOLLOWERS} at a time, gets every byte once through ${BREAKS} broken connections, and ends as the job does`, async () => {
  const { id } = await store.add({ state: 'running', runs: [{ ...someRun, endedAt: null, ending: null }] })
  const file = join(folderOf(id), 'stdout')
  mkdirSync(folderOf(id), { recursive: true })
  // Characters of many bytes, a progress bar, bytes that are no text, and no line end to hold on to.
  const piece = (at: number): Buffer =>
    Buffer.concat([
      Buffer.from(`\repoch ${at} ▓░ 好 🦀`),
      Buffer.from([0xff, 0x00, 0xc3, at % 256]),
      Buffer.from('x'.repeat(30_000)),
    ])
  for (let at = 0; at < 300; at += 1) appendFileSync(file, piece(at))
  const lines = await Promise.all(
    Array.from({ length: FOLLOWERS }, (_, at) =>
      breaking({ times: BREAKS / FOLLOWERS, mostBytes: 1_000_000, seed: 7 + at }),
    ),
  )
  const following = lines.map(line => start(line.server, ['logs', id, '--follow', '-n', 'all'], { env }))
  let at = 300
  await eventually('every line has broken as often as it is to', () => {
    appendFileSync(file, piece(at++))
    return lines.every(({ relay }) => relay.breaks() >= BREAKS / FOLLOWERS)
  })
  await eventually('the server streams it', () => app.following().streams > 0)
  appendFileSync(file, 'the end, without a line end ✓')
  const job = await store.jobs.read(id)
  const { next, events } = machine.cancelled(job, AT, 'Enough.', [])
  await store.jobs.commit(job, next, events, null)
  const whole = readFileSync(file)
  for (const { code, bytes, stderr } of await Promise.all(following.map(one => one.ended))) {
    assert.equal(code, 11, stderr)
    assert.equal(sha256(bytes), sha256(whole), `${bytes.length} of ${whole.length} bytes`)
  }
})

test('list --watch and wait for several hear of every change from the server’s own stream, the list over a line that breaks', async () => {
  const [one, two] = [await store.add({ name: 'watched' }), await store.add({ name: 'watched' })]
  const { relay, server: line } = await breaking({ times: 4, mostBytes: 6_000, seed: 2 })
  const watching = start(line, ['list', '--watch', '--name', 'watched', '--json'], { env })
  await watching.says(one.id)
  const waiting = start(server, ['wait', one.id, two.id], { env })
  await waiting.says('ID\tNAME\tSTATE')
  for (const { id } of [two, one]) {
    const job = await store.jobs.read(id)
    const { next, events } = machine.cancelled(job, AT, 'Enough.', [])
    await store.jobs.commit(job, next, events, null)
    await waiting.says(`${id}\twatched\tcancelled`)
  }
  assert.equal((await waiting.ended).code, 11)
  await watching.says('"state":"cancelled"')
  watching.kill('SIGINT')
  const { code, stdout } = await watching.ended
  assert.equal(code, 130)
  const told = stdout
    .trim()
    .split('\n')
    .map(text => JSON.parse(text) as { id: string; state: string })
  assert.equal(new Set(told.map(({ id, state }) => `${id} ${state}`)).size, told.length, 'none is told twice')
  assert.ok(relay.breaks() >= 1)
})

const weights = Buffer.from(Array.from({ length: 3_000_001 }, (_, i) => (i * 31 + (i >> 8)) & 255))
const model = Buffer.from('{"format":"layers-model"}')

async function completed(): Promise<string> {
  const { id } = await store.add({
    state: 'completed',
    endedAt: AT,
    runs: [{ ...someRun, endedAt: AT, ending: 'completed' }],
    result: trainingReport({
      artifacts: [
        { path: 'model.json', bytes: model.length, sha256: sha256(model) },
        { path: 'weights.bin', bytes: weights.length, sha256: sha256(weights) },
        { path: 'empty.txt', bytes: 0, sha256: sha256(Buffer.alloc(0)) },
      ],
    }),
  })
  const folder = join(folderOf(id), 'artifacts')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'model.json'), model)
  writeFileSync(join(folder, 'weights.bin'), weights)
  writeFileSync(join(folder, 'empty.txt'), '')
  return id
}
const target = (): string => mkdtempSync(join(workDir, 'target-'))

test('artifacts get brings all files, each whole, and leaves nothing else in the folder', async () => {
  const id = await completed()
  const into = join(target(), 'new/folder')
  const { code, stdout, stderr } = await run(server, ['artifacts', 'get', id, '-o', into], { env })
  assert.equal(code, 0, stderr)
  assert.deepEqual(
    stdout.trim().split('\n'),
    ['model.json', 'weights.bin', 'empty.txt'].map(name => join(into, name)),
  )
  assert.deepEqual(readdirSync(into).sort(), ['empty.txt', 'model.json', 'weights.bin'])
  assert.ok(readFileSync(join(into, 'weights.bin')).equals(weights))
  const again = await run(server, ['artifacts', 'get', id, '-o', into, '--json'], { env })
  assert.deepEqual(
    again.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).state),
    ['there', 'there', 'there'],
  )
})

test('an artifact comes whole over a line that breaks, from where it broke', async () => {
  const id = await completed()
  const into = target()
  const { relay, server: line } = await breaking({ times: 8, mostBytes: 400_000, seed: 3 })
  const { code, stderr } = await run(line, ['artifacts', 'get', id, 'weights.bin', '-o', into], { env })
  assert.equal(code, 0, stderr)
  assert.ok(readFileSync(join(into, 'weights.bin')).equals(weights))
  assert.ok(relay.breaks() === 8, `${relay.breaks()} breaks`)
  assert.ok(relay.sentBytes() < 2 * weights.length, `${relay.sentBytes()} bytes were sent for ${weights.length}`)
  assert.deepEqual(readdirSync(into), ['weights.bin'])
})

test('what came before the line was lost for good is kept beside the name, and the same command goes on from there', async () => {
  const id = await completed()
  const into = target()
  const argv = ['artifacts', 'get', id, 'weights.bin', '-o', into]
  const { relay, server: line } = await breaking({ times: 1000, mostBytes: 900_000, seed: 5 })
  const first = start(line, [...argv, '--patience', '1'], { env })
  await eventually('it has broken', () => relay.breaks() > 1)
  await relay.close()
  const { code, stdout, stderr } = await first.ended
  assert.deepEqual([code, stdout], [6, ''])
  assert.match(stderr, /Not fetched: weights\.bin/)
  assert.match(stderr, /To do: trotline artifacts get/)
  assert.equal(existsSync(join(into, 'weights.bin')), false)
  const kept = readdirSync(into)
  assert.match(kept.join(), /^\.weights\.bin\.[0-9a-f]{12}\.part$/)
  const { relay: other, server: whole } = await breaking({ times: 0, mostBytes: 1, seed: 1 })
  const second = await run(whole, argv, { env })
  assert.equal(second.code, 0, second.stderr)
  assert.match(second.stderr, /are here from before/)
  assert.ok(readFileSync(join(into, 'weights.bin')).equals(weights))
  assert.ok(other.sentBytes() < weights.length, `${other.sentBytes()} bytes for the rest of ${weights.length}`)
})

test('kept bytes that are others than they were are found out, and all of it is fetched anew', async () => {
  const id = await completed()
  const into = target()
  const part = join(into, `.weights.bin.${sha256(weights).slice(0, 12)}.part`)
  writeFileSync(part, Buffer.alloc(100_000, 1))
  const { code, stderr } = await run(server, ['artifacts', 'get', id, 'weights.bin', '-o', into], { env })
  assert.equal(code, 0, stderr)
  assert.ok(readFileSync(join(into, 'weights.bin')).equals(weights))
  assert.equal(existsSync(part), false)
})

test('a file that is there and is another one stays, unless it is to be replaced; nothing is fetched before that is known', async () => {
  const id = await completed()
  const into = target()
  writeFileSync(join(into, 'weights.bin'), 'mine')
  const refused = await run(server, ['artifacts', 'get', id, '-o', into], { env })
  assert.deepEqual([refused.code, refused.stdout], [7, ''])
  assert.match(refused.stderr, /There is a file .*weights\.bin already[\s\S]*--overwrite/)
  assert.deepEqual(readdirSync(into), ['weights.bin'])
  assert.equal(readFileSync(join(into, 'weights.bin'), 'utf8'), 'mine')
  assert.equal((await run(server, ['artifacts', 'get', id, '-o', into, '--overwrite'], { env })).code, 0)
  assert.ok(readFileSync(join(into, 'weights.bin')).equals(weights))
})

test('a link that somebody laid where the file is written is not followed', async () => {
  const id = await completed()
  const [into, elsewhere] = [target(), join(target(), 'victim')]
  writeFileSync(elsewhere, 'theirs')
  symlinkSync(elsewhere, join(into, `.model.json.${sha256(model).slice(0, 12)}.part`))
  const { code, stderr } = await run(server, ['artifacts', 'get', id, 'model.json', '-o', into], { env })
  assert.equal(code, 2, stderr)
  assert.equal(readFileSync(elsewhere, 'utf8'), 'theirs')
  assert.equal(existsSync(join(into, 'model.json')), false)
})

test('-o - writes the bytes of one file alone, also over a line that breaks', async () => {
  const id = await completed()
  const { relay, server: line } = await breaking({ times: 3, mostBytes: 400_000, seed: 11 })
  const { code, bytes } = await run(line, ['artifacts', 'get', id, 'weights.bin', '-o', '-'], { env })
  assert.equal(code, 0)
  assert.ok(bytes.equals(weights))
  assert.equal(relay.breaks(), 3)
  assert.equal((await run(server, ['artifacts', 'get', id, '-o', '-'], { env })).code, 2)
})

test('a file that was changed on the cluster is not taken for what the training left', async () => {
  const id = await completed()
  const into = target()
  const changed = Buffer.from(weights)
  changed[1_500_000] = 1
  writeFileSync(join(folderOf(id), 'artifacts/weights.bin'), changed)
  const { code, stdout, stderr } = await run(server, ['artifacts', 'get', id, 'weights.bin', '-o', into], { env })
  assert.deepEqual([code, stdout], [10, ''])
  assert.match(stderr, /weights\.bin is not what the training left: its sha256 is/i)
  assert.deepEqual(readdirSync(into), [])
})

test('a name that no artifact has is never a path, and a job that goes on has none yet', async () => {
  const id = await completed()
  for (const path of ['../../spec.json', '/etc/passwd', 'no-such.bin']) {
    const { code, stdout, stderr } = await run(server, ['artifacts', 'get', id, path], { env })
    assert.deepEqual([code, stdout], [3, ''], path)
    assert.match(stderr, /It left model\.json, weights\.bin, empty\.txt/)
  }
  const { id: going } = await store.add({ state: 'running' })
  const early = await run(server, ['artifacts', 'get', going], { env })
  assert.equal(early.code, 8)
  assert.match(early.stderr, new RegExp(`trotline wait ${going}`))
  assert.equal((await run(server, ['artifacts', 'list', going, '--json'], { env })).stdout, '{"items":[]}\n')
})
