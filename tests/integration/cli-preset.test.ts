// trotline submit PRESET: the request that a name stands for, and what has to be said beside it.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { presetOf } from '../../apps/cli/src/request/preset-request.ts'
import { JobRequest } from '../../packages/contracts/src/index.ts'
import { cluster } from './cli-contract-cluster.ts'
import { type ContractServer, startContractServer } from './cli-contract-server.ts'
import { run } from './cli-run.ts'

let server: ContractServer
const folder = mkdtempSync(join(tmpdir(), 'trotline-preset-'))
before(async () => {
  server = await startContractServer()
  server.clusters.push(cluster())
})
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const sent = (): unknown => JSON.parse(server.requests.findLast(({ method }) => method === 'POST')?.body ?? 'null')
const PARTITION = ['--set', 'resources.partition=shared']

test('a preset is submitted by its name, on the one cluster there is, with the fields that are set', async () => {
  const argv = ['submit', 'auto-mpg', ...PARTITION, '--set', 'training.epochs=5', '--label', 'project=reef']
  const { code, stdout, stderr } = await run(server, argv)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^t[0-9]{11}\n$/)
  assert.deepEqual(sent(), {
    name: 'auto-mpg',
    cluster: 'local',
    resources: { partition: 'shared' },
    training: { kind: 'preset', preset: 'auto-mpg', epochs: 5 },
    labels: { project: 'reef' },
  })
  const { training, resources } = JobRequest.parse(sent())
  assert.deepEqual([training.kind, resources.timeLimitMinutes], ['preset', 60])
})

test('the cluster is the one that is set, or that of the configuration; nobody is then asked which there are', async () => {
  const before = server.requests.length
  await run(server, ['submit', 'linear-regression', ...PARTITION, '--set', 'cluster=reef', '--name', 'mine'])
  assert.equal((sent() as { cluster: string }).cluster, 'reef')
  await run(server, ['submit', 'linear-regression', ...PARTITION], { env: { TROTLINE_CLUSTER: 'bluecrab' } })
  assert.equal((sent() as { cluster: string }).cluster, 'bluecrab')
  assert.equal(server.requests.slice(before).filter(({ method }) => method === 'GET').length, 0)
})

test('without a partition nothing is sent, and both commands that help are named; a word that is no preset is a file', async () => {
  const posts = () => server.requests.filter(({ method }) => method === 'POST').length
  const before = posts()
  const none = await run(server, ['submit', 'auto-mpg'])
  assert.deepEqual([none.code, none.stdout], [2, ''])
  assert.match(none.stderr, /In which partition\?|in which partition\?/)
  assert.match(none.stderr, /--set resources\.partition=NAME\n.*trotline clusters show local\n/)
  const other = await run(server, ['submit', 'auto-mgp', ...PARTITION])
  assert.equal(other.code, 2)
  assert.match(other.stderr, /auto-mgp cannot be read: there is no such file/)
  assert.equal(posts(), before)
})

test('a file with the name of a preset is a file, and a folder with it is none', async () => {
  assert.deepEqual([presetOf('cifar10', folder), presetOf('cifar', folder)], ['cifar10', null])
  mkdirSync(join(folder, 'auto-mpg'))
  assert.equal(presetOf('auto-mpg', folder), 'auto-mpg')
  writeFileSync(join(folder, 'cifar10'), 'name: from-the-file\n')
  assert.equal(presetOf('cifar10', folder), null)
  await run(server, ['submit', join(folder, 'cifar10'), '--dry-run'])
  assert.deepEqual(sent(), { name: 'from-the-file' })
})
