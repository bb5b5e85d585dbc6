// trotline clusters against a server that speaks the contract: a list, what the nodes are, and a look at them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Cluster } from '../../packages/contracts/src/index.ts'
import { cluster } from './cli-contract-cluster.ts'
import { type ContractServer, startContractServer } from './cli-contract-server.ts'
import { run } from './cli-run.ts'

let server: ContractServer
before(async () => {
  server = await startContractServer()
  server.clusters.push(cluster())
})
after(() => server.stop())

test('clusters lists them, and -q their names alone', async () => {
  const listed = await run(server, ['clusters'])
  assert.equal(listed.stdout, 'CLUSTER\tSTATE\tSLURM\tJOBS\tPARTITIONS\nlocal\tok\t22.05.8\t3\tgpuk80\n')
  assert.equal((await run(server, ['clusters', 'list', '-q'])).stdout, 'local\n')
})

test('clusters show tells in a pipe one row for each kind of node, and with --json all of it', async () => {
  const shown = await run(server, ['clusters', 'show'])
  assert.equal(shown.code, 0, shown.stderr)
  const [head = '', row = ''] = shown.stdout.split('\n')
  assert.equal(head.split('\t').length, row.split('\t').length)
  assert.match(row, /^gpuk80\tk80:4\t2\t396\.37\tTesla K80\t\t2\.17\t\tprobe\t.*\tpending$/)
  const json = JSON.parse((await run(server, ['clusters', 'show', 'local', '--json'])).stdout) as Cluster
  assert.equal(json.probes[0]?.slurmJobId, '17')
})

test('clusters show tells people what the nodes are, where that comes from, and which node differs', async () => {
  const { stdout } = await run(server, ['clusters', 'show', '--no-color'], { columns: 100 })
  assert.match(stdout, /k80 ×4 on k01, k02: Tesla K80, driver 396\.37, glibc 2\.17 \(probed on k02, (now|\d+ s ago)\)/)
  assert.match(stdout, /k02 has driver 390\.46, k01 396\.37/)
  assert.match(stdout, /a look at k01 \(gpuk80\) waits in Slurm, Slurm job 17/)
})

test('clusters probe asks with a key of its own, and says where to look', async () => {
  const { code, stderr } = await run(server, ['clusters', 'probe', '--partition', 'gpuk80'])
  assert.equal(code, 0, stderr)
  const asked = server.requests.at(-1)
  assert.deepEqual(
    [asked?.method, asked?.url, asked?.body],
    ['POST', '/v1/clusters/local/probe', '{"partition":"gpuk80"}'],
  )
  assert.match(String(asked?.headers['idempotency-key']), /^cli-/)
  assert.match(stderr, /trotline clusters show local/)
})

test('where there are several, one has to be named', async () => {
  server.clusters.push(cluster({ name: 'far' }))
  const { code, stderr } = await run(server, ['clusters', 'show'])
  server.clusters.pop()
  assert.equal(code, 2)
  assert.match(stderr, /Which cluster\?[\s\S]*local, far/)
})
