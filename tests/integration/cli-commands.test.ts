// The command line against a server that speaks the contract: what stands on stdout, what on stderr, how it ends.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Job, JobPage, Problem, Why } from '../../packages/contracts/src/index.ts'
import { trainingReport } from '../support/job-records.ts'
import { type ContractServer, epochAt, now, REQUEST, startContractServer } from './cli-contract-server.ts'
import { REQUEST_YAML, requestFile, run, runUnbuilt, start } from './cli-run.ts'

let server: ContractServer
before(async () => {
  server = await startContractServer()
})
after(() => server.stop())

const failure = {
  reason: 'out-of-memory' as const,
  detail: 'The job used more memory than the 4096 MiB that it asked for.',
  action: 'Ask for more: --set resources.memoryMiB=8192',
  evidence: ['4711|OUT_OF_MEMORY|0:125'],
  logTail: 'Epoch 3\nslurmstepd: error: Detected 1 oom-kill event',
}
const hold = () => ({ stage: 'prepare' as const, code: 'SSH_HOST_KEY', detail: 'The host key changed.', since: now() })
const named = (name: string) => server.accept({ ...REQUEST, name })

test('submit into a pipe prints the id alone, says the rest on stderr and sends a key of its own', async () => {
  const { code, stdout, stderr } = await run(server, ['submit', requestFile(REQUEST_YAML)])
  assert.equal(code, 0)
  assert.match(stdout, /^t[0-9]{11}\n$/)
  assert.match(stderr, /Accepted {2}t[0-9]{11} {2}auto-mpg {2}on local \/ shared/)
  assert.ok(stderr.includes(`trotline wait ${stdout.trim()}`))
  assert.match(String(server.requests.at(-1)?.headers['idempotency-key']), /^cli-[0-9a-f-]{36}$/)
})

test('--set and --name change the request that is read from stdin', async () => {
  const { stdout } = await run(server, ['submit', '-', '--set', 'training.epochs=7', '--name', 'quick', '--json'], {
    input: REQUEST_YAML,
  })
  const job = Job.parse(JSON.parse(stdout))
  assert.equal(job.name, 'quick')
  assert.equal(job.progress.of, 7)
})

test('an answer that was lost is asked for again with the same key, and there is one job', async () => {
  const jobs = server.jobs.size
  server.faults.push({ match: 'POST /v1/jobs', times: 2, cut: 'after' })
  const { code, stdout, stderr } = await run(server, ['submit', requestFile(REQUEST_YAML)])
  assert.equal(code, 0)
  assert.equal(server.jobs.size, jobs + 1)
  assert.match(stderr, /Asking again with the same key/)
  assert.ok(stderr.includes(`Asked again with the same key: accepted as ${stdout.trim()} (once).`))
  const keys = server.requests.slice(-3).map(one => one.headers['idempotency-key'])
  assert.equal(new Set(keys).size, 1)
})

test('when no answer comes at all, submit ends with 6 and prints the command that takes it up again', async () => {
  server.faults.push({ match: 'POST /v1/jobs', times: 99, cut: 'after' })
  const file = requestFile(REQUEST_YAML)
  const { code, stdout, stderr } = await run(server, ['submit', file, '--patience', '1'])
  server.faults.length = 0
  assert.equal(code, 6)
  assert.equal(stdout, '')
  const [, key = ''] = /--idempotency-key (cli-[0-9a-f-]+)/.exec(stderr) ?? []
  const jobs = server.jobs.size
  assert.equal((await run(server, ['submit', file, '--idempotency-key', key])).code, 0)
  assert.equal(server.jobs.size, jobs)
})

test('a server that is away gives exit 6 and says that nothing was sent', async () => {
  const { code, stderr } = await run(server, ['submit', requestFile(REQUEST_YAML), '--url', 'http://127.0.0.1:4'])
  assert.equal(code, 6)
  assert.match(stderr, /could not ask 127\.0\.0\.1:4 \(connection refused\)\./)
  assert.match(stderr, /Nothing was sent/)
})

test('a field that is not one is shown with its line, the fix stands last, and the exit is 2', async () => {
  const file = requestFile(REQUEST_YAML.replace('timeLimitMinutes', 'timeLimitMinute'))
  const { code, stdout, stderr } = await run(server, ['submit', file])
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /Not submitted: the request cannot be read/)
  assert.ok(stderr.includes(`resources.timeLimitMinute  ${file}:7`))
  assert.ok(stderr.indexOf('To do: Did you mean timeLimitMinutes?') > stderr.indexOf('is not a field'))
  assert.match(stderr, /bad-request · request req-0001 · http/)
})

test('an incompatible request ends with 5 and shows what is required and what was found', async () => {
  const findings = [
    { pointer: '#/environment', detail: 'No kernel for this GPU.', required: 'sm_75 or newer', found: 'sm_70' },
  ]
  server.faults.push({
    match: 'POST /v1/jobs',
    times: 1,
    answer: { status: 422, code: 'incompatible', title: 'This environment cannot run there', findings },
  })
  const { code, stderr } = await run(server, ['submit', requestFile(REQUEST_YAML)])
  assert.equal(code, 5)
  assert.match(stderr, /required {2}sm_75 or newer\n +found {5}sm_70/)
})

test('a dry run prints the script on stdout and submits nothing', async () => {
  const jobs = server.jobs.size
  const { code, stdout, stderr } = await run(server, ['submit', requestFile(REQUEST_YAML), '--dry-run'])
  assert.deepEqual([code, stdout], [0, '#!/bin/bash\nexec worker\n'])
  assert.match(stderr, /^ {2}note {6}Others go first\.$/m)
  assert.equal(server.jobs.size, jobs)
})

test('list into a pipe is tab separated with full values; --json is the page; -q are ids', async () => {
  const [piped, json, quiet] = await Promise.all([
    run(server, ['list', '--limit', '2']),
    run(server, ['list', '--json']),
    run(server, ['list', '-q', '--state', 'accepted', '--limit', '1']),
  ])
  const [head, first] = piped.stdout.split('\n')
  assert.equal(head, 'ID\tNAME\tSTATE\tEPOCHS\tWHERE\tSLURM\tCREATED\tWHY')
  assert.match(first ?? '', /^t[0-9]{11}\tauto-mpg\taccepted\t0\/20\tlocal\/shared\t\t\d{4}-\d\d-\d\dT[\d:.]+Z\t$/)
  assert.ok(JobPage.parse(JSON.parse(json.stdout)).items.length > 2)
  assert.match(quiet.stdout, /^t[0-9]{11}\n$/)
})

test('JOB is an id, a beginning, a name or last; what was not typed in full is said on stderr', async () => {
  const { id } = named('found-by-name')
  const [whole, byName, last, none, many] = await Promise.all([
    run(server, ['show', id]),
    run(server, ['show', 'found-by-name', '--json']),
    run(server, ['show', 'last']),
    run(server, ['show', 'nothing-of-it']),
    run(server, ['show', 't000']),
  ])
  assert.ok(whole.stdout.includes(`id\t${id}\n`))
  assert.equal(Job.parse(JSON.parse(byName.stdout)).id, id)
  assert.ok(byName.stderr.includes(`found-by-name: ${id}`))
  assert.ok(last.stderr.includes('last: t'))
  assert.deepEqual([none.code, none.stdout], [3, ''])
  assert.equal(many.code, 2)
  assert.match(many.stderr, /"t000" fits \d+ jobs/)
})

test('show says why a job failed, and --exit-status gives its ending', async () => {
  const { id } = named('failed')
  server.tell(
    id,
    { type: 'state', at: now(), from: 'running', to: 'failed', detail: '', evidence: [] },
    { state: 'failed', failure, endedAt: now() },
  )
  const shown = await run(server, ['show', id, '--exit-status'])
  assert.equal(shown.code, 10)
  assert.ok(shown.stdout.includes(`detail\t${failure.detail}\n`))
  assert.equal((await run(server, ['show', id])).code, 0)
})

test('show has the tables of a training that is done, a row a line in a pipe', async () => {
  const job = named('trained')
  const layers = [{ name: 'dense', type: 'Dense', outputShape: [64], params: 640 }]
  const history = [{ epoch: 11, loss: 0.25 }]
  const result = trainingReport({ epochs: 12, layers, metrics: { val_mae: 2.5 }, history, stoppedEarlyAt: 11 })
  server.put({ ...job, state: 'completed', endedAt: now(), result, progress: { ...job.progress, epochs: 12 } })
  const { code, stdout } = await run(server, ['show', job.id])
  assert.equal(code, 0)
  assert.match(stdout, /^result\tval_mae 2\.5 {2}\(fit .* on simd, engine simd\)$/m)
  assert.match(stdout, /^layer\tdense {2}type Dense {2}output 64 {2}params 640$/m)
  assert.match(stdout, /^epoch\t12 {2}loss 0\.25$/m)
  assert.match(stdout, /^progress\t12 epochs of 20 \(stopped early\)$/m)
  assert.match(stdout, /^stopped\tearly, after epoch 12$/m)
})

test('cancel asks for each job; one that has ended is a conflict and does not keep the others from it', async () => {
  const [ended, live] = [named('ended'), named('live')]
  server.put({ ...ended, state: 'completed', endedAt: now() })
  const { code, stdout, stderr } = await run(server, ['cancel', ended.id, live.id])
  assert.equal(code, 7)
  assert.equal(stdout, `${live.id}\n`)
  assert.match(stderr, /Not cancelled: t[0-9]+: the job has ended/)
  assert.notEqual(server.kept(live.id).job.cancelRequestedAt, null)
})

test('cancel --force says so to the server, and without it nothing is forced', async () => {
  const [forced, plain] = [named('forced'), named('plain')]
  assert.equal((await run(server, ['cancel', forced.id, '--force'])).code, 0)
  assert.equal(server.requests.at(-1)?.url, `/v1/jobs/${forced.id}?force=true`)
  await run(server, ['cancel', plain.id])
  assert.equal(server.requests.at(-1)?.url, `/v1/jobs/${plain.id}`)
})

test('why into a pipe is one fact a line, --json is the answer as it came', async () => {
  const { id } = named('waits')
  const [piped, json] = await Promise.all([run(server, ['why', id]), run(server, ['why', 'waits', '--json'])])
  assert.equal(piped.code, 0)
  assert.match(piped.stdout, /^summary\tIt waits in Slurm \(Priority\)/m)
  assert.match(piped.stdout, /^jobs ahead\t3$/m)
  assert.match(piped.stdout, /^seen\t\S+Z squeue: 17 PENDING Priority$/m)
  assert.equal(Why.parse(JSON.parse(json.stdout)).pending?.reason, 'Priority')
  assert.equal((await run(server, ['why', 't99999999999'])).code, 3)
})

test('a held job ends wait with 12 and names release; released it can be cancelled and ends with 11', async () => {
  const { id } = named('held')
  server.put({ ...server.kept(id).job, hold: hold() })
  const waited = await run(server, ['wait', id])
  assert.deepEqual([waited.code, waited.stdout], [12, 'held\n'])
  assert.ok(waited.stderr.includes(`trotline release ${id}`))
  assert.equal((await run(server, ['release', id])).code, 0)
  server.tell(
    id,
    { type: 'state', at: now(), from: 'pending', to: 'cancelled', detail: '', evidence: [] },
    { state: 'cancelled', endedAt: now() },
  )
  assert.equal((await run(server, ['wait', id, '-q'])).code, 11)
})

test('wait --timeout ends with 8 while the job goes on', async () => {
  const { id } = named('slow')
  const { code, stderr } = await run(server, ['wait', id, '--timeout', '1s'])
  assert.equal(code, 8)
  assert.match(stderr, /has not ended yet/)
})

test('epochs --csv counts from 1 and writes nan where the loss was no number', async () => {
  const { id } = named('curve')
  server.report(id, [
    epochAt(0, 2.5),
    { ...epochAt(1, 0), values: { loss: null, val_loss: 1 }, nonFinite: { loss: 'nan' } },
  ])
  const { stdout } = await run(server, ['epochs', id, '--csv'])
  const [head, first, second] = stdout.split('\n')
  assert.equal(head, 'epoch,attempt,at,seconds,loss,val_loss')
  assert.match(first ?? '', /^1,1,[^,]+,0\.1,2\.5,3$/)
  assert.match(second ?? '', /^2,1,[^,]+,0\.1,nan,1$/)
})

test('script prints the script', async () => {
  assert.equal((await run(server, ['script', 'curve'])).stdout, '#!/bin/bash\nexec worker\n')
})

test('without settings the message names .local/env.sh; no server is exit 2, no token exit 4, a wrong one 4', async () => {
  const [noServer, noToken, wrong] = await Promise.all([
    run(server, ['list'], { env: { TROTLINE_URL: '' } }),
    run(server, ['list'], { env: { TROTLINE_TOKEN: '' } }),
    run(server, ['list'], { env: { TROTLINE_TOKEN: 'another' } }),
  ])
  assert.deepEqual([noServer.code, noToken.code, wrong.code], [2, 4, 4])
  assert.match(noServer.stderr, /TROTLINE_URL is not set[\s\S]*\.local\/env\.sh/)
  assert.match(noToken.stderr, /TROTLINE_TOKEN is not set[\s\S]*\.local\/env\.sh/)
})

test('with --json an error is the problem document on stderr, and stdout is empty', async () => {
  const [answered, ours, usage] = await Promise.all([
    run(server, ['show', 't99999999999', '--json']),
    run(server, ['list', '--json', '--url', 'http://127.0.0.1:4']),
    run(server, ['list', '--json', '--state', 'asleep']),
  ])
  assert.deepEqual([answered.code, ours.code, usage.code], [3, 6, 2])
  for (const one of [answered, ours, usage]) {
    assert.equal(one.stdout, '')
    Problem.parse(JSON.parse(one.stderr))
  }
})

test('an answer that is not the contract, such as a proxy page, is "could not ask" and never an answer', async () => {
  const { createServer } = await import('node:http')
  const proxy = createServer((_, response) => response.end('<html>log in</html>'))
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  const port = typeof address === 'object' ? address?.port : 0
  const { code, stdout } = await run(server, ['list', '--url', `http://127.0.0.1:${port}`])
  proxy.closeAllConnections()
  proxy.close()
  assert.deepEqual([code, stdout], [6, ''])
})

test('a wrong flag or command is exit 2 and says what was meant', async () => {
  const [flag, command] = await Promise.all([run(server, ['list', '--limt', '3']), run(server, ['sumbit', 'x'])])
  assert.deepEqual([flag.code, command.code], [2, 2])
  assert.match(flag.stderr, /Did you mean --limit\?/)
  assert.match(command.stderr, /Did you mean submit\?/)
})

test('every --help begins with examples and is exit 0, wherever -h stands', async () => {
  const commands = ['submit', 'list', 'show', 'why', 'wait', 'logs', 'epochs', 'script', 'cancel', 'release']
  const helps = await Promise.all(commands.map(command => run(server, [command, 'x', '-h'])))
  for (const [at, { code, stdout }] of helps.entries()) {
    assert.equal(code, 0, commands[at])
    const examples = stdout.slice(stdout.indexOf('Examples'), stdout.indexOf('Usage')).match(/\$ /g) ?? []
    assert.ok(examples.length >= 2 && examples.length <= 4, `${commands[at]} has ${examples.length} examples`)
  }
})

test('logs into a pipe are the bytes of the job, also where they are no UTF-8; -n takes the last lines', async () => {
  const { id } = named('bytes')
  const none = await run(server, ['logs', id])
  assert.match(none.stderr, /No run has begun yet/)
  server.put({ ...server.kept(id).job, state: 'running', runs: [aRun('1-0', 1)] })
  const text = Buffer.concat([Buffer.from('ä'.repeat(300_000)), Buffer.from([0xff, 0x0a]), Buffer.from('last\r\n')])
  server.log(id, '1-0', text)
  const whole = run(server, ['logs', id])
  const tail = run(server, ['logs', id, '-n', '1'])
  assert.ok((await whole).bytes.equals(text))
  assert.equal((await tail).stdout, 'last\r\n')
})

const aRun = (name: string, attempt: number) => ({
  run: name,
  attempt,
  slurmJobId: '4711',
  node: `c${attempt}`,
  resumed: null,
  startedAt: now(),
  endedAt: null,
  ending: null,
})

test('logs --follow crosses attempts with one marker, cuts no character, and ends with the job', async () => {
  const { id } = named('followed')
  const job = server.kept(id).job
  server.put({ ...job, state: 'running', runs: [aRun('1-0', 1)] })
  server.log(id, '1-0', Buffer.from('grü').subarray(0, 3))
  const following = start(server, ['logs', id, '--follow'])
  await following.says('gr')
  server.log(id, '1-0', Buffer.concat([Buffer.from('ü').subarray(1), Buffer.from('n\n')]))
  server.put({ ...server.kept(id).job, runs: [aRun('1-0', 1), aRun('1-1', 2)] })
  server.log(id, '1-1', 'again\n')
  await following.says('again')
  server.faults.push({ match: `GET /v1/jobs/${id}/logs`, times: 1, cut: 'before' })
  server.put({ ...server.kept(id).job, state: 'completed', endedAt: now() })
  server.log(id, '1-1', 'the end\n')
  const { code, stdout, stderr } = await following.ended
  assert.equal(code, 0)
  assert.equal(stdout, 'grün\nagain\nthe end\n')
  assert.equal(stderr.match(/attempt 2 \(run 1-1\) began on c2/g)?.length, 1)
  assert.match(stderr, /nothing is missing/)
})

test('a command line that was not built says so in a sentence', async () => {
  const { code, stderr } = await runUnbuilt()
  assert.equal(code, 1)
  assert.match(stderr, /^trotline is not built yet\. .*npm run build\n$/)
})
