// Whose jobs `trotline list` shows, against a server that shows those of everyone, as an operator's does.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Job, JobPage, JobRequest, Problem } from '../../packages/contracts/src/index.ts'
import { eventually } from '../support/eventually.ts'
import { type ContractServer, now, REQUEST, startContractServer } from './cli-contract-server.ts'
import { addStream } from './cli-contract-stream.ts'
import { run, start } from './cli-run.ts'

let server: ContractServer
let stream: ReturnType<typeof addStream>
let mine: string
let theirs: string
const role = { is: 'operator' as 'operator' | 'user' }
const named = (name: string, change: Partial<Job> = {}): string => {
  const { id } = server.accept(JobRequest.parse({ ...REQUEST, name }))
  server.put({ ...server.kept(id).job, ...change })
  return id
}
const somebody = { owner: { id: 'somebody', name: 'Some Body' } }
before(async () => {
  server = await startContractServer()
  stream = addStream(server)
  server.routes.push((request, response) => {
    if (request.url !== '/v1/whoami') return false
    const owner = { id: 'tester', name: 'Test Er' }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ owner, role: role.is, identity: 'default', version: '0.1.0' }))
    return true
  })
  mine = named('of-me')
  theirs = named('of-them', somebody)
})
after(() => server.stop())

const cells = (stdout: string): string[][] =>
  stdout
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t'))

test('list --mine shows one’s own jobs alone, and says so to the server, which counts the pages', async () => {
  const all = await run(server, ['list', '-q'])
  assert.equal(all.stdout, `${theirs}\n${mine}\n`)
  assert.equal((await run(server, ['list', '-q', '--mine'])).stdout, `${mine}\n`)
  assert.match(server.requests.at(-1)?.url ?? '', /^\/v1\/jobs\?.*owner=tester/)
  const page = JobPage.parse(JSON.parse((await run(server, ['list', '--mine', '--json'])).stdout))
  assert.deepEqual(
    page.items.map(({ id }) => id),
    [mine],
  )
})

test('list --all names the owner of each job; it is an operator’s, and others are told so with 4 instead of a part', async () => {
  const [head, first, second] = cells((await run(server, ['list', '--all'])).stdout)
  assert.deepEqual(head, ['ID', 'NAME', 'OWNER', 'STATE', 'EPOCHS', 'WHERE', 'SLURM', 'CREATED', 'WHY'])
  assert.deepEqual(
    [first?.slice(0, 3), second?.slice(0, 3)],
    [
      [theirs, 'of-them', 'somebody'],
      [mine, 'of-me', 'tester'],
    ],
  )
  const chosen = await run(server, ['list', '--columns', 'owner,name'])
  assert.equal(chosen.stdout, 'OWNER\tNAME\nsomebody\tof-them\ntester\tof-me\n')
  role.is = 'user'
  const refused = await run(server, ['list', '--all'])
  const asJson = await run(server, ['list', '--all', '--json'])
  role.is = 'operator'
  assert.deepEqual([refused.code, refused.stdout], [4, ''])
  assert.match(refused.stderr, /only operators see the jobs of others[\s\S]*To do: Your own jobs: trotline list\n/)
  assert.deepEqual([asJson.code, asJson.stdout], [4, ''])
  assert.equal(Problem.parse(JSON.parse(asJson.stderr)).code, 'not-allowed')
  assert.equal((await run(server, ['list', '--all', '--mine'])).code, 2)
})

test('list --mine --watch is not told of the jobs of others, though the server tells an operator of all', async () => {
  const opened = stream.state.opened
  const watching = start(server, ['list', '--mine', '--watch', '-q'])
  await watching.says(mine)
  await eventually('it follows', () => stream.state.opened > opened)
  const other = named('later-of-them', somebody)
  server.put({ ...server.kept(theirs).job, state: 'pending', updatedAt: now() })
  const own = named('later-of-me')
  // Told in this order: what comes of the others has come before this.
  await watching.says(own)
  watching.kill('SIGINT')
  const { code, stdout } = await watching.ended
  assert.deepEqual([code, stdout], [130, `${mine}\n${own}\n`], `${theirs} and ${other} are not one's own`)
})
