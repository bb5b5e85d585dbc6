// The commands for people, against a server that speaks the contract: explain, suggest, diff, open, login, config, completion, doctor, list.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { JobRequest, Whoami } from '../../packages/contracts/src/index.ts'
import { type ContractServer, REQUEST, startContractServer, TOKEN } from './cli-contract-server.ts'
import { hasTerminal, run, start } from './cli-run.ts'

let server: ContractServer
const TOP = mkdtempSync(join(tmpdir(), 'trotline-homes-'))
let home: string
before(async () => {
  server = await startContractServer()
})
after(() => server.stop())
beforeEach(() => {
  home = mkdtempSync(join(TOP, 'home-'))
})
after(() => rmSync(TOP, { recursive: true, force: true }))

/** A person's own folders, and nothing but them: no token, no server in the environment. */
const alone = (more: Record<string, string> = {}) => ({
  env: { HOME: home, TROTLINE_URL: '', TROTLINE_TOKEN: '', ...more },
})
const here = (more: Record<string, string> = {}) => alone({ TROTLINE_URL: server.url, TROTLINE_TOKEN: TOKEN, ...more })

test('explain needs no server, knows a word however it is written, and splits a joined rule', async () => {
  const plain = await run(server, ['explain', 'ssh_lost', 'driver-native+cubin'], alone())
  assert.equal(plain.code, 0)
  assert.deepEqual(
    plain.stdout.split('\n').map(line => line.split('\t')[0]),
    ['CODE', 'SSH_LOST', 'driver-native', 'cubin', ''],
  )
  const json = JSON.parse((await run(server, ['explain', 'incompatible', '--json'], alone())).stdout)
  assert.equal(json.items[0].title, 'It cannot run on the chosen partition')
  const wrong = await run(server, ['explain', 'no-kernel'], alone())
  assert.deepEqual([wrong.code, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, /Did you mean no-kernel-image/)
})

test('suggest asks with the fields that were given, prints what to install, and -q prints that alone', async () => {
  const asked = (): unknown => JSON.parse(server.requests.at(-1)?.body ?? 'null')
  const flags = ['suggest', '--gpu', 'V100', '--driver', '550.54.15', '--framework', 'pytorch']
  const { code, stdout } = await run(server, flags)
  assert.deepEqual(asked(), { gpu: 'V100', driver: '550.54.15', frameworks: ['pytorch'] })
  assert.equal(code, 0)
  assert.match(stdout, /^FRAMEWORK\tVERSION\tVERDICT\tINSTALL\tDETAIL\npytorch\t1\.3\.1\tcompatible\t/)
  assert.equal((await run(server, [...flags, '-q'])).stdout, 'pytorch::pytorch=1.3.1=*cuda9.2*\n')
  await run(server, ['suggest', '--partition', 'gpuk80'], { env: { TROTLINE_CLUSTER: 'reef' } })
  assert.deepEqual(asked(), { cluster: 'reef', partition: 'gpuk80' })
  assert.equal((await run(server, ['suggest'])).code, 2)
})

test('diff shows only where two jobs differ, and says how many fields are the same', async () => {
  const one = server.accept(REQUEST)
  const training = { kind: 'preset', preset: 'auto-mpg', epochs: 50, seed: 0 }
  const two = server.accept(JobRequest.parse({ ...REQUEST, training }))
  const { code, stdout, stderr } = await run(server, ['diff', one.id, two.id])
  assert.deepEqual([code, stdout], [0, `OF\tFIELD\t${one.id}\t${two.id}\nrequest\ttraining.epochs\t20\t50\n`])
  assert.match(stderr, /\d+ fields are the same/)
  const same = JSON.parse((await run(server, ['diff', one.id, one.id, '--json'])).stdout)
  assert.deepEqual([same.differences, same.environment], [[], null])
})

test('open prints the address of the page and opens nothing where nobody looks', async () => {
  const job = server.accept(REQUEST)
  const { stdout } = await run(server, ['open', job.id], { env: { DISPLAY: ':0' } })
  assert.equal(stdout, `${server.url}/jobs/${job.id}\n`)
})

test('login asks the server first, keeps the token for it alone in a file of mode 0600, and logout forgets it', async () => {
  const at = ['--url', server.url]
  const refused = await run(server, ['login', ...at], { ...alone(), input: 'not-a-token-of-it\n' })
  assert.equal(refused.code, 4)
  assert.match(refused.stderr, /^Not logged in: /)
  const { code, stdout, stderr } = await run(server, ['login', ...at], { ...alone(), input: `${TOKEN}\n` })
  assert.deepEqual([code, stdout], [0, ''])
  assert.match(stderr, /Logged in as tester \(Test Er\), user/)
  assert.doesNotMatch(stderr, new RegExp(TOKEN))
  const file = join(home, '.config/trotline/tokens.json')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const who = await run(server, ['whoami', '--json', ...at], alone())
  assert.equal(Whoami.parse(JSON.parse(who.stdout)).owner.id, 'tester')
  const other = await startContractServer()
  const elsewhere = await run(server, ['whoami', '--url', other.url], alone())
  await other.stop()
  assert.deepEqual([elsewhere.code, other.requests.length], [4, 0])
  await run(server, ['logout', ...at], alone())
  assert.equal(readFileSync(file, 'utf8'), '{}\n')
  assert.equal((await run(server, ['whoami', ...at], alone())).code, 4)
})

test('a token is typed at a prompt that shows nothing of it', { skip: !hasTerminal }, async () => {
  const running = start(server, ['login', '--url', server.url], { ...alone(), columns: 80 })
  await running.says('Token for')
  running.type(`${TOKEN}\r`)
  const { stdout, code } = await running.ended
  assert.equal(code, 0, stdout)
  assert.match(stdout, /Logged in/)
  assert.ok(!stdout.includes(TOKEN))
})

test('config names the winner of each setting, and a set value counts at once', async () => {
  await run(server, ['config', 'set', 'url', server.url], alone())
  const { stdout } = await run(server, ['config', 'list', '--origin'], alone({ TROTLINE_CLUSTER: 'reef' }))
  assert.deepEqual(stdout.split('\n').slice(0, 5), [
    'KEY\tVALUE\tFROM',
    `url\t${server.url}\t${join(home, '.config/trotline/config.yaml')}`,
    'tokenFile\t\t',
    'patience\t60\tdefault',
    'cluster\treef\tTROTLINE_CLUSTER',
  ])
  assert.equal((await run(server, ['config', 'get', 'url'], alone())).stdout, `${server.url}\n`)
  assert.equal((await run(server, ['whoami', '-q'], alone({ TROTLINE_TOKEN: TOKEN }))).stdout, 'tester\n')
  for (const wrong of [
    ['token', 'x'],
    ['patience', 'soon'],
    ['url', 'ftp://x'],
  ])
    assert.equal((await run(server, ['config', 'set', ...wrong], alone())).code, 2)
})

test('completion answers from what commands saw, asks only when that is old, and is silent when nobody answers', async () => {
  const job = server.accept({ ...REQUEST, name: 'tab-me' })
  // By itself it waits 300 ms, and a machine may be busier than that.
  const patient = { TROTLINE_TAB_MS: '60000' }
  const complete = (words: string[], env = here(patient)) => run(server, ['__complete', ...words], env)
  assert.ok((await complete(['exp'])).stdout.startsWith('explain\t'))
  const before = server.requests.length
  assert.match((await complete(['show', ''])).stdout, new RegExp(`^last\t.*\n[^]*${job.id}\taccepted  tab-me`))
  assert.equal(server.requests.length, before + 1)
  assert.match((await complete(['show', job.id.slice(0, 4)])).stdout, /tab-me/)
  assert.equal(server.requests.length, before + 1, 'what is younger than a minute is not asked for again')
  const nobody = await complete(['env', 'show', ''], here({ ...patient, TROTLINE_URL: 'http://127.0.0.1:1' }))
  assert.deepEqual([nobody.code, nobody.stdout, nobody.stderr], [0, '', ''])
  // Who has no time at all is offered what is known, and nobody is asked.
  const hasty = await complete(['webhooks', 'show', ''], here({ TROTLINE_TAB_MS: '0' }))
  assert.deepEqual([hasty.code, hasty.stdout, hasty.stderr], [0, '', ''])
  assert.equal((await complete(['submit', ''])).stdout, ':files\n')
  for (const shell of ['bash', 'zsh', 'fish'])
    assert.match((await run(server, ['completion', shell], alone())).stdout, /trotline __complete/)
})

test('doctor looks at each thing by itself, says what to do, and holds no secret', async () => {
  const well = await run(server, ['doctor', '--json'], here())
  const told = JSON.parse(well.stdout)
  assert.deepEqual([well.code, told.ok], [0, true], well.stdout)
  assert.ok(!well.stdout.includes(TOKEN))
  const wrong = await run(server, ['doctor'], here({ TROTLINE_TOKEN: 'another' }))
  assert.equal(wrong.code, 4)
  assert.match(wrong.stdout, /^store\tyes\t/m)
  assert.match(wrong.stdout, /^you\tno\t/m)
  const away = await run(server, ['doctor'], here({ TROTLINE_URL: 'http://127.0.0.1:1' }))
  assert.equal(away.code, 6)
  const none = await run(server, ['doctor'], alone())
  assert.equal(none.code, 2)
  assert.match(none.stdout, /^server\tno\t.*\t/m)
})

test('list takes labels and a time, and goes on with a line for each job that changes', async () => {
  const labelled = server.accept(JobRequest.parse({ ...REQUEST, name: 'reef', labels: { project: 'reef', run: '1' } }))
  const ids = async (...flags: string[]) => (await run(server, ['list', '-q', ...flags])).stdout.trim()
  assert.equal(await ids('--label', 'project=reef', '--label', 'run=1', '--since', '1h'), labelled.id)
  assert.equal(await ids('--label', 'project=reef', '--label', 'run=2'), '')
  assert.equal(await ids('--since', '2100-01-01'), '')
  assert.equal((await run(server, ['list', '--since', 'yesterday'])).code, 2)
  const watching = start(server, ['list', '--watch', '--json', '--label', 'project=reef'])
  await watching.says('"accepted"')
  server.tell(labelled.id, { type: 'cancel-requested', at: new Date().toISOString(), by: 'x' }, { state: 'cancelled' })
  await watching.says('"cancelled"')
  watching.kill('SIGINT')
  const { code, stdout } = await watching.ended
  assert.equal(code, 130)
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).state),
    ['accepted', 'cancelled'],
  )
})

test('logs --grep prints the lines that match as they are, and says how many there were and how far was searched', async () => {
  const { id } = server.accept(REQUEST)
  const at = new Date().toISOString()
  const first = { run: '17-0', attempt: 1, slurmJobId: '17', node: 'n1', resumed: null, startedAt: at, endedAt: null }
  server.put({ ...server.kept(id).job, runs: [{ ...first, ending: null }] })
  server.log(id, '17-0', 'one\nan Error (1)\ntwo\nan error (2)\n')
  const grep = (...flags: string[]) => run(server, ['logs', id, '--grep', ...flags])
  const plain = await grep('Error (')
  assert.deepEqual([plain.code, plain.stdout], [0, 'an Error (1)\n'])
  assert.match(plain.stderr, /1 line matches; 34 B searched in 0\.1 s/)
  assert.equal((await grep('error', '-i')).stdout, 'an Error (1)\nan error (2)\n')
  const some = await grep('^(one|two)$', '-E', '-n', '1')
  assert.equal(some.stdout, 'one\n')
  assert.match(some.stderr, /2 lines match, the first 1 shown/)
  assert.equal((await grep('three')).code, 3)
  assert.equal((await run(server, ['logs', id, '-i'])).code, 2)
})
