// trotline env against a server that speaks the contract: what stands on stdout, what on stderr, how it ends.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { EnvironmentMade, EnvironmentPage, Materialisation, Problem } from '../../packages/contracts/src/index.ts'
import { writeLock } from '../../packages/environment/src/index.ts'
import {
  addEnvironments,
  type Environments,
  environment,
  materialisation,
  PINNED,
} from './cli-contract-environments.ts'
import { type ContractServer, newJob, now, REQUEST, startContractServer } from './cli-contract-server.ts'
import { hasTerminal, requestFile, run, start } from './cli-run.ts'

const SPEC = `name: ml
channels:
  - main
dependencies:
  - python<3.7
  - cudatoolkit=9.2
`

let server: ContractServer
let state: Environments
before(async () => {
  server = await startContractServer()
  state = addEnvironments(server)
})
after(() => server.stop())
beforeEach(() => {
  Object.assign(state, { making: [], progress: [], problem: null, log: Buffer.from('') })
})

const lastBody = () => JSON.parse(server.requests.at(-1)?.body ?? 'null')

test('create into a pipe prints the id alone, and sends the spec as it is written with its target', async () => {
  const argv = ['env', 'create', requestFile(SPEC), '--cluster', 'local', '--partition', 'gpu', '--name', 'ml']
  const { code, stdout, stderr } = await run(server, argv)
  assert.deepEqual([code, stdout], [0, `${PINNED.id}\n`])
  assert.deepEqual(lastBody(), { name: 'ml', spec: SPEC, target: { cluster: 'local', partition: 'gpu' } })
  assert.match(stderr, /Created {2}[0-9a-f]{12} {2}ml@1\n {2}has {7}2 packages, linux-64/)
  assert.match(stderr, /needs {5}CUDA 9\.2 or newer \(cudatoolkit\)/)
  assert.ok(stderr.includes('Next: trotline env build ml@1 --follow'))
})

test('create --json is the answer and nothing else', async () => {
  const argv = ['env', 'create', '-', '--virtual', '__cuda=9.2', '--virtual', '__glibc=', '--json', '-q']
  const { stdout, stderr } = await run(server, argv, { input: SPEC })
  assert.equal(EnvironmentMade.parse(JSON.parse(stdout)).id, PINNED.id)
  assert.equal(stderr, '')
  assert.deepEqual(lastBody().target, { virtualPackages: { __cuda: '9.2', __glibc: null } })
})

test('a lock is sent as it is, and needs no target', async () => {
  const text = writeLock(PINNED, 'explicit').text
  const { code } = await run(server, ['env', 'create', '-', '--lock'], { input: text })
  assert.equal(code, 0)
  assert.deepEqual(lastBody(), { lock: text })
})

test('a solve is told step by step where nobody watches', async () => {
  const document = { channel: 'https://channels.example.org/main', subdir: 'linux-64' }
  state.progress = [
    { step: 'repodata', ...document, bytes: 0, of: null, how: 'asking' },
    { step: 'repodata', ...document, bytes: 1_048_576, of: 4_194_304, how: 'fetching' },
    { step: 'index', ...document, records: 50_000 },
    { step: 'solve', records: 1_234, packages: null },
  ]
  const { stderr } = await run(server, ['env', 'create', '-', '--virtual', '__cuda=9.2'], { input: SPEC })
  const told = [...stderr.matchAll(/^\d\d:\d\d:\d\d {2}(.*)$/gm)].map(([, text]) => text)
  assert.deepEqual(told, [
    'asking for main/linux-64',
    'fetching main/linux-64  25 %  1 MiB of 4 MiB',
    'reading main/linux-64  50,000 records',
    'solving  1,234 records',
  ])
})

test('what cannot be solved ends with 5: our sentence first, then the line of the spec, the fix last', async () => {
  const detail = 'The environment needs a driver for CUDA 9.2 because of cudatoolkit 9.2; partition gpuold offers 8.0.'
  const finding = { pointer: '/spec/dependencies/1', detail, required: '>=9.2', found: '8.0', hint: 'Take gpu.' }
  state.problem = Problem.parse({
    type: 'http://trotline.test/guide/errors/environment-impossible',
    status: 422,
    code: 'environment-impossible',
    title: 'The environment cannot be had for these nodes',
    detail,
    instance: 'req-0001',
    findings: [finding],
  })
  const file = requestFile(SPEC)
  const shown = await run(server, ['env', 'create', file, '--virtual', '__cuda=8.0'])
  assert.deepEqual([shown.code, shown.stdout], [5, ''])
  assert.match(shown.stderr, /^Not created: the environment cannot be had for these nodes\n {2}The environment needs a/)
  assert.ok(shown.stderr.includes(`dependencies.1  ${file}:6`))
  assert.ok(shown.stderr.indexOf('To do: Take gpu.') > shown.stderr.indexOf('required'))
  const json = await run(server, ['env', 'create', file, '--virtual', '__cuda=8.0', '--json'])
  assert.equal(Problem.parse(JSON.parse(json.stderr)).code, 'environment-impossible')
  assert.equal(json.stdout, '')
})

test('what is asked for wrongly is 2, before anything is sent', async () => {
  const asked = server.requests.length
  const wrong: [argv: string[], says: RegExp][] = [
    [['env', 'create', requestFile(SPEC)], /for which nodes\?/],
    [['env', 'create', requestFile(SPEC), '--virtual', 'cuda=9.2'], /one of __cuda, /],
    [['env', 'create', requestFile(SPEC), '--partition', 'gpu', '--virtual', '__cuda=9.2'], /leave one of the two out/],
    [['env', 'create', '/nowhere/environment.yml', '--virtual', '__cuda=9.2'], /there is no such file/],
    [['env', 'create', '-', '--lock', '--fresh'], /with --lock nothing is solved/],
    [['env', 'lock', 'ml@1', '--format', 'yaml'], /one of trotline, explicit, conda-lock, pixi/],
    [['env', 'collect', '--cluster', 'local', '--unused-days', 'many'], /a number of days/],
    [['env', 'make'], /[Uu]nknown command/],
  ]
  for (const [argv, says] of wrong) {
    const { code, stdout, stderr } = await run(server, argv)
    assert.deepEqual([code, stdout], [2, ''], argv.join(' '))
    assert.match(stderr, says)
  }
  assert.equal(server.requests.length, asked)
})

test('list into a pipe is tab separated with whole ids; --json is the page; -q are ids', async () => {
  const [piped, json, quiet] = await Promise.all([
    run(server, ['env', 'list']),
    run(server, ['env', 'list', '--json']),
    run(server, ['env', 'list', '-q']),
  ])
  const [head, first] = piped.stdout.split('\n')
  assert.equal(head, 'ID\tNAMES\tPACKAGES\tPLATFORM\tNEEDS\tREADY ON\tCREATED')
  assert.match(first ?? '', new RegExp(`^${PINNED.id}\tml@1\t2\tlinux-64\tCUDA 9.2 or newer`))
  assert.equal(EnvironmentPage.parse(JSON.parse(json.stdout)).items.length, 1)
  assert.equal(quiet.stdout, `${PINNED.id}\n`)
})

test('show tells where it is made; an environment that is not there ends with 3', async () => {
  const ready = materialisation({ state: 'ready', bytes: 1_288_490_189, files: 41_000, lastUsedAt: now() })
  state.environments = [environment({ on: [ready] })]
  const [shown, spec, none] = await Promise.all([
    run(server, ['env', 'show', 'ml@1']),
    run(server, ['env', 'show', 'ml@1', '--spec']),
    run(server, ['env', 'show', 'ml@7']),
  ])
  assert.match(shown.stdout, /^on local\tready, 1\.2 GiB, used (now|\d+ s ago)$/m)
  assert.equal(spec.stdout, environment().spec)
  assert.deepEqual([none.code, none.stdout], [3, ''])
  state.environments = [environment()]
})

test('lock prints the bytes whose sha256 is the id, and says what another format has no place for', async () => {
  const [own, explicit] = await Promise.all([
    run(server, ['env', 'lock', 'ml@1']),
    run(server, ['env', 'lock', 'ml@1', '--format', 'explicit']),
  ])
  assert.equal(own.stdout, writeLock(PINNED, 'trotline').text)
  assert.match(explicit.stdout, /^@EXPLICIT$/m)
  assert.match(explicit.stderr, /^note {2}@EXPLICIT has no place for sha256/m)
})

test('diff and history are asked for and shown', async () => {
  assert.equal((await run(server, ['env', 'diff', 'ml@1', PINNED.id])).stdout, 'Nothing differs.\n')
  const { stdout } = await run(server, ['env', 'history', 'ml'])
  assert.match(stdout, new RegExp(`^ml@1\t${PINNED.id}\t\\S+Z\ttester$`, 'm'))
})

test('build --follow tells each step and tenth, and ends with 0 when it is ready', async () => {
  const downloading = (done: number) =>
    materialisation({ state: 'making', step: 'download', progress: { done, of: 38, unit: 'packages' } })
  state.making = [
    materialisation({ detail: 'Two others are made before it.' }),
    downloading(2),
    downloading(20),
    materialisation({ state: 'making', step: 'verify' }),
    materialisation({ state: 'ready', bytes: 2048, files: 41_000 }),
  ]
  const { code, stdout, stderr } = await run(server, ['env', 'build', 'ml@1', '--cluster', 'local', '--follow'])
  assert.deepEqual([code, stdout], [0, 'ready\n'])
  assert.match(stderr, /wanted {2}Two others are made before it\./)
  assert.match(stderr, /downloading {2}52 % {2}20 of 38 packages/)
  assert.match(stderr, /ready {2}ml@1 on local, 2 KiB in 41,000 files/)
})

test('a making that fails ends with 10, with its sentence, its evidence and where its log is', async () => {
  const trouble = {
    code: 'archive-unavailable' as const,
    detail: 'main/linux-64/mkl-2019.4-243.tar.bz2 answered 404.',
    evidence: ['404 Not Found'],
    transient: false,
  }
  state.making = [materialisation(), materialisation({ state: 'failed', detail: trouble.detail, trouble })]
  const { code, stdout, stderr } = await run(server, ['env', 'build', 'ml@1', '--cluster', 'local', '--follow'])
  assert.deepEqual([code, stdout], [10, 'failed\n'])
  assert.match(stderr, /mkl-2019\.4-243\.tar\.bz2 answered 404\.\n {2}seen: 404 Not Found/)
  assert.match(stderr, /Next: trotline env log ml@1 --cluster local/)
  state.making = [materialisation({ state: 'cancelled' })]
  assert.equal((await run(server, ['env', 'build', 'ml@1', '--cluster', 'local', '--follow'])).code, 11)
})

test('a connection that is lost while it is followed is tried again, and Ctrl-C ends the following alone', async () => {
  state.making = [materialisation({ state: 'making', step: 'install' })]
  server.faults.push({ match: 'GET /v1/environments/', times: 2, cut: 'before' })
  const following = start(server, ['env', 'build', 'ml@1', '--cluster', 'local', '--follow'])
  await following.says('It goes on; trying again')
  following.kill('SIGINT')
  const { code, stderr } = await following.ended
  server.faults.length = 0
  assert.equal(code, 130)
  assert.match(stderr, /Stopped following\. It goes on there: trotline env build ml@1 --cluster local --follow/)
})

test('log is what the installer wrote, byte for byte; with --follow to the end, whose fate is the exit code', async () => {
  state.log = Buffer.from('line one\nline two\n\u00e9\n')
  state.making = [materialisation({ state: 'making', step: 'install' })]
  const plain = await run(server, ['env', 'log', 'ml@1', '--cluster', 'local'])
  assert.deepEqual(plain.bytes, state.log)
  const tail = await run(server, ['env', 'log', 'ml@1', '--cluster', 'local', '-n', '1'])
  assert.equal(tail.stdout, '\u00e9\n')
  const following = start(server, ['env', 'log', 'ml@1', '--cluster', 'local', '--follow'])
  await following.says('line two')
  state.log = Buffer.concat([state.log, Buffer.from('and the end\n')])
  state.making = [materialisation({ state: 'failed', detail: 'No space left.' })]
  const { code, bytes, stderr } = await following.ended
  assert.equal(code, 10)
  assert.deepEqual(bytes, state.log)
  assert.match(stderr, /failed {2}No space left\./)
})

test('verify waits for the look: 0 where all is as it was, 10 with the files where it is not', async () => {
  const look = { lockId: PINNED.id, depth: 'bytes' as const, looked: 41_000, of: 41_000, seconds: 3.2, drift: null }
  const drift = {
    detail: 'lib/libz.so has other bytes than zlib 1.2.11 brought.',
    files: [{ path: 'lib/libz.so', what: 'changed' as const, package: 'zlib 1.2.11 h7b6447c_3' }],
    count: 3,
  }
  const looking = materialisation({ state: 'ready', step: 'verify' })
  state.making = [looking, looking, materialisation({ state: 'ready', look })]
  const good = await run(server, ['env', 'verify', 'ml@1', '--cluster', 'local'])
  assert.deepEqual([good.code, good.stdout], [0, 'ready\n'])
  assert.match(good.stderr, /as it was {2}ml@1 on local, 41,000 files in 3\.2 s/)
  state.making = [looking, materialisation({ state: 'quarantined', look: { ...look, drift } })]
  const bad = await run(server, ['env', 'verify', 'ml@1', '--cluster', 'local'])
  assert.deepEqual([bad.code, bad.stdout], [10, 'drift\n'])
  assert.match(bad.stderr, /changed +lib\/libz\.so {2}\(zlib 1\.2\.11 h7b6447c_3\)\n {2}and 2 more/)
})

test('cancel ends what is being made and remove takes what was made: the other way round it is a conflict', async () => {
  state.making = [materialisation({ state: 'making', step: 'install' })]
  assert.equal((await run(server, ['env', 'remove', 'ml@1', '--cluster', 'local'])).code, 7)
  assert.equal(server.requests.at(-1)?.method, 'GET')
  assert.equal((await run(server, ['env', 'cancel', 'ml@1', '--cluster', 'local'])).code, 0)
  assert.equal(server.requests.at(-1)?.method, 'DELETE')
  state.making = [materialisation({ state: 'ready' })]
  const cancelled = await run(server, ['env', 'cancel', 'ml@1', '--cluster', 'local'])
  assert.equal(cancelled.code, 7)
  assert.match(cancelled.stderr, /To do: trotline env remove ml@1 --cluster local/)
  assert.equal((await run(server, ['env', 'remove', 'ml@1', '--cluster', 'local'])).code, 0)
})

test('collect says what it would free, and is told in days', async () => {
  const item = {
    lock: PINNED.id,
    names: ['ml@1'],
    lastUsedAt: null,
    bytes: 2048,
    files: 12,
    outcome: 'would be removed',
  }
  state.collection = { cluster: 'local', dryRun: true, unusedDays: 30, items: [item], bytes: 2048 }
  const argv = ['env', 'collect', '--cluster', 'local', '--dry-run', '--unused-days', '30']
  const { stdout, stderr } = await run(server, argv)
  assert.deepEqual(lastBody(), { unusedDays: 30, dryRun: true })
  assert.match(stdout, new RegExp(`^${PINNED.id}\tml@1\t2048\t12\tnever\twould be removed$`, 'm'))
  assert.match(stderr, /Would free 2 KiB on local\./)
})

test('every verb of env has help that begins with examples', async () => {
  const verbs = 'create list show lock diff history build log verify cancel remove collect'.split(' ')
  for (const help of await Promise.all(verbs.map(verb => run(server, ['env', verb, '--help'])))) {
    assert.equal(help.code, 0)
    assert.match(help.stdout, /^.+\n\nExamples\n {2}\$ trotline (env|\S+=)/)
  }
})

test('on a terminal the making is one line with a bar; colours are off where NO_COLOR is set', {
  skip: !hasTerminal,
}, async () => {
  const making = materialisation({
    state: 'making',
    step: 'download',
    progress: { done: 19, of: 38, unit: 'packages' },
  })
  state.making = [making, making, materialisation({ state: 'ready' })]
  const argv = ['env', 'build', 'ml@1', '--cluster', 'local', '--follow']
  const { stdout } = await run(server, argv, { columns: 120, env: { NO_COLOR: '1' } })
  assert.match(stdout, /ml@1 on local {2}00:00:0\d {2}downloading {2}█{10}░{10} {3}50 % {2}19 of 38 packages/)
  assert.ok(!stdout.includes('\u001b[3'))
  assert.match(stdout, /ready {2}ml@1 on local/)
})

test('submit --follow says how far the environment is while the job waits for it', async () => {
  const job = newJob('t99999999001', REQUEST)
  server.put({ ...job, environment: { lock: PINNED.id, name: 'ml@1', look: null } })
  state.making = [
    materialisation({ state: 'making', step: 'download', progress: { done: 19, of: 38, unit: 'packages' } }),
  ]
  const following = start(server, ['wait', job.id])
  await following.says('environment ml@1: downloading  50 %  19 of 38 packages')
  state.making = [materialisation({ state: 'ready' })]
  await following.says('environment ml@1: ready')
  server.tell(
    job.id,
    { type: 'state', at: now(), from: 'accepted', to: 'completed', detail: '', evidence: [] },
    { state: 'completed', endedAt: now() },
  )
  assert.equal((await following.ended).code, 0)
  assert.equal(Materialisation.parse(state.making[0]).state, 'ready')
})
