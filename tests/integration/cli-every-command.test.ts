// Every command there is, with stdout as a pipe: what stands on it is one form and no other, what is said to people is elsewhere, and an error
// with --json is a problem document. The list is the program's own: a command that is added here has no case, and fails until it has one.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../apps/cli/src/program.ts'
import { runCommand } from '../../apps/cli/src/run-command.ts'
import { readSettings } from '../../apps/cli/src/settings.ts'
import { bundleArchive, bundleOf } from '../../apps/orchestrator/src/lifecycle/bundle.ts'
import { ArtifactPage, Problem } from '../../packages/contracts/src/index.ts'
import { record, sha256 } from '../support/job-records.ts'
import { cluster } from './cli-contract-cluster.ts'
import { addEnvironments, materialisation } from './cli-contract-environments.ts'
import { type ContractServer, now, REQUEST, startContractServer, TOKEN } from './cli-contract-server.ts'
import { addWebhooks } from './cli-contract-webhooks.ts'

/** text: something that is meant for a file or a shell, as it is. */
type Form = 'table' | 'words' | 'text' | 'nothing'
type Case = {
  argv: string[]
  /** stdout without --json. */
  plain: Form
  /** With --json: one document, or one a line. */
  json?: 'document' | 'lines'
  exit?: number
  input?: string
  /** It needs no server, and does the same where none answers. */
  alone?: true
}

const folder = mkdtempSync(join(tmpdir(), 'trotline-every-'))
const file = (name: string, text: string | Uint8Array): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const model = '{"format":"layers-model"}'
let server: ContractServer
let cases: Record<string, Case>
const toBeReleased: string[] = []
const hold = (id: string): void => {
  const since = now()
  server.put({ ...server.kept(id).job, hold: { stage: 'prepare', code: 'SSH_HOST_KEY', detail: 'It changed.', since } })
}

before(async () => {
  server = await startContractServer()
  const environments = addEnvironments(server)
  environments.making = [materialisation({ state: 'ready' })]
  environments.log = Buffer.from('solved\nfetched\n')
  environments.collection = { cluster: 'local', dryRun: true, unusedDays: 30, items: [], bytes: 0 }
  addWebhooks(server)
  server.clusters.push(cluster())
  const archive = await bundleArchive(bundleOf(record({ state: 'completed', request: REQUEST }), null), null)
  server.routes.push((request, response) => {
    const [, , things, , room, path] = (request.url ?? '').split('/')
    const json = (status: number, value: unknown): true => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
      return true
    }
    if (things !== 'jobs') return false
    if (room === 'bundle') response.writeHead(200, { 'content-type': 'application/gzip' }).end(archive)
    else if (room === 'rerun') return json(202, server.accept(REQUEST))
    else if (room === 'artifacts' && path !== undefined) response.writeHead(200).end(model)
    else if (room === 'artifacts') {
      const one = { path: 'model.json', bytes: model.length, sha256: sha256(model), type: 'application/json' }
      return json(200, ArtifactPage.parse({ items: [one] }))
    } else return false
    return true
  })
  const { id } = server.accept({ ...REQUEST, name: 'live' })
  const ended = server.accept({ ...REQUEST, name: 'ended' }).id
  const at = now()
  const run = { run: '1-0', attempt: 1, slurmJobId: '17', node: 'n1', resumed: null, startedAt: at, endedAt: at }
  const runs = [{ ...run, ending: 'completed' as const }]
  server.put({ ...server.kept(ended).job, state: 'completed', endedAt: at, runs })
  server.log(ended, '1-0', 'one\ntwo\n')
  const held = (name: string): string => {
    const { id: one } = server.accept({ ...REQUEST, name })
    hold(one)
    toBeReleased.push(one)
    return one
  }
  const request = file('auto-mpg.json', JSON.stringify(REQUEST))
  const on = ['--cluster', 'local']
  const hardware = ['--gpu', 'K80', '--driver', '396.37']
  cases = {
    submit: { argv: [request], plain: 'words' },
    check: { argv: [...hardware, '--framework', 'pytorch==1.3', '--wheel', 'cu92'], plain: 'words' },
    suggest: { argv: hardware, plain: 'table' },
    explain: { argv: ['incompatible'], plain: 'table', alone: true },
    list: { argv: [], plain: 'table' },
    show: { argv: [id, ended], plain: 'table', json: 'lines' },
    why: { argv: [id], plain: 'table' },
    wait: { argv: [ended], plain: 'words' },
    logs: { argv: [ended], plain: 'text', json: 'lines' },
    epochs: { argv: [ended], plain: 'table' },
    script: { argv: [ended], plain: 'text' },
    diff: { argv: [id, ended], plain: 'table' },
    open: { argv: [id], plain: 'words' },
    cancel: { argv: [id], plain: 'words' },
    release: { argv: [held('h1'), held('h2')], plain: 'words', json: 'lines' },
    rerun: { argv: [ended], plain: 'words' },
    'artifacts list': { argv: [ended], plain: 'table' },
    'artifacts get': { argv: [ended, '-o', join(folder, 'model')], plain: 'words', json: 'lines' },
    bundle: { argv: [ended], plain: 'text' },
    'env create': {
      argv: [file('environment.yml', 'dependencies: [python]\n'), ...on, '--partition', 'gpuk80'],
      plain: 'words',
    },
    'env list': { argv: [], plain: 'table' },
    'env show': { argv: ['ml@1'], plain: 'table' },
    'env lock': { argv: ['ml@1'], plain: 'text' },
    'env diff': { argv: ['ml@1', 'ml@1'], plain: 'text' },
    'env history': { argv: ['ml'], plain: 'table' },
    'env build': { argv: ['ml@1'], plain: 'words' },
    'env log': { argv: ['ml@1'], plain: 'text', json: 'lines' },
    'env verify': { argv: ['ml@1'], plain: 'words' },
    'env cancel': { argv: ['ml@1'], plain: 'nothing', exit: 7 },
    'env remove': { argv: ['ml@1'], plain: 'words' },
    'env collect': { argv: ['--dry-run'], plain: 'table' },
    'clusters list': { argv: [], plain: 'table' },
    'clusters show': { argv: ['local'], plain: 'table' },
    'clusters probe': { argv: ['local'], plain: 'nothing' },
    'webhooks list': { argv: [], plain: 'table' },
    'webhooks create': { argv: ['https://hooks.example.org/t', '--name', 'lab'], plain: 'table' },
    'webhooks show': { argv: ['wh000000000001'], plain: 'table' },
    'webhooks test': { argv: ['wh000000000001'], plain: 'words' },
    'webhooks deliveries': { argv: ['wh000000000001'], plain: 'table' },
    'webhooks resume': { argv: ['wh000000000001'], plain: 'words' },
    'webhooks remove': { argv: ['wh000000000001'], plain: 'words' },
    login: { argv: [], plain: 'nothing', input: `${TOKEN}\n` },
    logout: { argv: [], plain: 'nothing', alone: true },
    whoami: { argv: [], plain: 'table' },
    'config list': { argv: [], plain: 'table', alone: true },
    'config get': { argv: ['url'], plain: 'words', alone: true },
    'config set': { argv: ['cluster', 'local'], plain: 'nothing', alone: true },
    completion: { argv: ['bash'], plain: 'text', alone: true },
    doctor: { argv: [], plain: 'table' },
  }
})
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** In this process: hundreds of runs in seconds. That a child process does the same is tested beside this. */
async function ran(argv: readonly string[], { url = server.url, input = '' } = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const heard = { stdout: '', stderr: '' }
  stdout.setEncoding('utf8').on('data', part => {
    heard.stdout += part
  })
  stderr.setEncoding('utf8').on('data', part => {
    heard.stderr += part
  })
  const env = { HOME: join(folder, 'home'), LANG: 'C.UTF-8', TROTLINE_URL: url, TROTLINE_TOKEN: TOKEN }
  const exit = await runCommand(argv, {
    stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    stdout,
    stderr,
    settings: readSettings(env),
    cwd: folder,
    interrupt: new AbortController().signal,
  })
  return { exit, ...heard }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for exactly these
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/
const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)

/** Spoken to people: no JSON, nothing that moves a cursor. */
function assertSaid(stderr: string, name: string): void {
  assert.doesNotMatch(stderr, CONTROL, name)
  for (const line of stderr.split('\n')) assert.doesNotMatch(line, /^[[{]"/, `${name}: ${line}`)
}

function assertForm(stdout: string, form: Form, name: string): void {
  if (form === 'nothing') assert.equal(stdout, '', name)
  else assert.notEqual(stdout, '', name)
  if (form === 'nothing' || form === 'text') return
  assert.match(stdout, /\n$/, name)
  assert.doesNotMatch(stdout, CONTROL, name)
  if (form === 'words') return
  const [head = '', ...rows] = linesOf(stdout).map(line => line.split('\t'))
  for (const title of head) assert.match(title, /^[A-Za-z0-9_ ]+$/, `${name}: ${title}`)
  for (const row of rows) assert.equal(row.length, head.length, `${name}: ${row.join(' ')}`)
}

function commands(command: Command, path: readonly string[] = []): string[] {
  if (command.commands.length === 0) return [path.join(' ')]
  return command.commands.flatMap(one => commands(one, [...path, one.name()]))
}
const ALL = commands(
  createProgram(
    () => async () => {},
    () => {},
  ),
)

test('every command has a case here, and every case a command', () => {
  assert.deepEqual(Object.keys(cases).sort(), ALL.toSorted())
})

test('into a pipe a command writes its one form to stdout, and what it says to people to stderr', async () => {
  for (const [name, { argv, plain, exit = 0, input = '' }] of Object.entries(cases)) {
    const told = await ran([...name.split(' '), ...argv], { input })
    assert.equal(told.exit, exit, `${name}: ${told.stderr}`)
    assertForm(told.stdout, plain, name)
    assertSaid(told.stderr, name)
  }
})

test('with --json stdout is one document, or one a line where there are several, and stderr has none unless it failed', async () => {
  for (const id of toBeReleased) hold(id)
  await ran(['webhooks', 'create', 'https://hooks.example.org/t', '--name', 'lab'])
  for (const [name, { argv, json = 'document', exit = 0, input = '' }] of Object.entries(cases)) {
    const told = await ran([...name.split(' '), ...argv, '--json'], { input })
    assert.equal(told.exit, exit, `${name}: ${told.stderr}`)
    if (told.exit !== 0) {
      assert.equal(told.stdout, '', name)
      Problem.parse(JSON.parse(told.stderr))
      continue
    }
    assertSaid(told.stderr, name)
    const documents = linesOf(told.stdout).map(line => JSON.parse(line) as unknown)
    assert.ok(json === 'lines' ? documents.length > 0 : documents.length === 1, `${name}: ${documents.length}`)
    for (const one of documents) assert.equal(typeof one, 'object', name)
  }
})

test('with --json an error is one problem document on stderr and nothing on stdout: a wrong flag 2, a server that is away 6', async () => {
  for (const [name, { argv, alone = false, input = '' }] of Object.entries(cases)) {
    const words = name.split(' ')
    const wrong = await ran([...words, ...argv, '--no-such-flag', '--json'])
    assert.deepEqual([wrong.exit, wrong.stdout], [2, ''], name)
    assert.equal(Problem.parse(JSON.parse(wrong.stderr)).code, 'usage', name)
    if (alone || name === 'doctor') continue
    const away = await ran([...words, ...argv, '--json', '--patience', '1'], { url: 'http://127.0.0.1:4', input })
    assert.deepEqual([away.exit, away.stdout], [6, ''], `${name}: ${away.stderr}`)
    assert.equal(Problem.parse(JSON.parse(away.stderr)).code, 'could-not-ask', name)
  }
})

test('every command begins its help with one to four examples, each of the command itself', async () => {
  for (const name of ALL) {
    const { exit, stdout } = await ran([...name.split(' '), '--help'])
    assert.equal(exit, 0, name)
    const examples = stdout.slice(stdout.indexOf('Examples'), stdout.indexOf('Usage'))
    const lines = examples.split('\n').filter(line => line.startsWith('  $ '))
    assert.ok(lines.length >= 1 && lines.length <= 4, `${name} has ${lines.length} examples`)
    assert.ok(
      lines.some(line => line.includes(`trotline ${name}`)),
      `${name}: ${lines.join()}`,
    )
  }
})
