// trotline check against a server that speaks the contract: what it asks for, what it prints, how it ends.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CompatibilityReport, SuggestAnswer } from '../../packages/contracts/src/index.ts'
import { type ContractServer, startContractServer } from './cli-contract-server.ts'
import { requestFile, run } from './cli-run.ts'

let server: ContractServer
before(async () => {
  server = await startContractServer()
})
after(() => server.stop())

const asked = (): unknown => JSON.parse(server.requests.at(-1)?.body ?? 'null')
const FLAGS = ['--driver', '396.37', '--gpu', 'K80', '--framework', 'pytorch==2.1.2', '--wheel', 'cu121']
const CU121 = { driver: '396.37', gpu: 'K80', framework: 'pytorch', frameworkVersion: '2.1.2', wheelTag: 'cu121' }

test('flags are the fields of the question, and the exit code is the verdict', async () => {
  const codes: number[] = []
  for (const verdict of ['compatible', 'compatible-with-warning', 'incompatible', 'unknown'] as const) {
    server.judged.verdict = verdict
    const { code, stdout } = await run(server, ['check', ...FLAGS])
    codes.push(Number(code))
    assert.ok(stdout.split('\n')[0]?.includes(` ${verdict} `), stdout)
    assert.deepEqual(asked(), CU121)
  }
  assert.deepEqual(codes, [0, 0, 5, 9])
})

test('a file is the question, flags stand above it, and --set reaches every other field', async () => {
  const file = requestFile('driver: "396.37"\ngpu: K80\nframework: pytorch\nframeworkVersion: "1.3"\n')
  await run(server, ['check', file, ...FLAGS.slice(4), '--set', 'napi=8', '--set', 'librariesFrom=module'])
  assert.deepEqual(asked(), { ...CU121, napi: 8, librariesFrom: 'module' })
})

test('a partition stands for driver and GPU', async () => {
  await run(server, [
    'check',
    '--cluster',
    'local',
    '--partition',
    'gpuk80',
    '--gpu-type',
    'k80',
    '--spec',
    'pytorch=1.3',
  ])
  assert.deepEqual(asked(), { cluster: 'local', partition: 'gpuk80', gpuType: 'k80', condaSpec: 'pytorch=1.3' })
})

test('--suggest alone asks what runs there; with software it asks for that framework after the check', async () => {
  const alone = await run(server, ['check', '--driver', '396.37', '--gpu', 'K80', '--suggest'])
  assert.deepEqual(
    [alone.code, server.requests.at(-1)?.url, asked()],
    [0, '/v1/compatibility/suggest', { driver: '396.37', gpu: 'K80' }],
  )
  assert.match(alone.stdout, /^pytorch\n {2}✓ pytorch 1\.3\.1/)
  server.judged.verdict = 'incompatible'
  const both = await run(server, ['check', ...FLAGS, '--suggest'])
  assert.equal(both.code, 5)
  assert.deepEqual(asked(), { driver: '396.37', gpu: 'K80', frameworks: ['pytorch'] })
  assert.match(both.stdout, /incompatible[\s\S]*The newest that run there:\npytorch\n/)
})

test('--json is the report as it came, and -q the exit code alone', async () => {
  server.judged.verdict = 'incompatible'
  const json = await run(server, ['check', ...FLAGS, '--suggest', '--json'])
  const [report, suggested] = json.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.equal(CompatibilityReport.parse(report).verdict, 'incompatible')
  assert.ok(SuggestAnswer.parse(suggested).frameworks.length > 0)
  const quiet = await run(server, ['check', ...FLAGS, '-q'])
  assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [5, '', ''])
})

test('a question without software, a version without quotes and a request for a job are told apart', async () => {
  const before = server.requests.length
  const wrong: [argv: () => string[], says: RegExp][] = [
    [() => [], /there is no software in the question/],
    [() => ['--gpu', 'K80'], /or --suggest, for what runs there/],
    [() => [requestFile('python: 3.10\nframework: jax\n')], /python is the number 3\.1 there[\s\S]*in quotes/],
    [() => [requestFile('resources: {}\ntraining: {}\n')], /trotline submit .* --dry-run/],
    [() => ['--framework', 'a b'], /pytorch==2\.1\.2/],
  ]
  for (const [argv, says] of wrong) {
    const { code, stdout, stderr } = await run(server, ['check', ...argv()])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, says)
  }
  assert.equal(server.requests.length, before)
})
