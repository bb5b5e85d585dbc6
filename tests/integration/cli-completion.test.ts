// Tab in the shells themselves: bash, zsh and fish load what `trotline completion` prints, and complete a line with it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ArtifactPage } from '../../packages/contracts/src/index.ts'
import { type ContractServer, REQUEST, startContractServer, TOKEN } from './cli-contract-server.ts'
import { addWebhooks } from './cli-contract-webhooks.ts'
import { COMMAND, run } from './cli-run.ts'

let server: ContractServer
const home = mkdtempSync(join(tmpdir(), 'trotline-tab-'))
const env = {
  HOME: home,
  LANG: 'C.UTF-8',
  TERM: 'dumb',
  TROTLINE_TOKEN: TOKEN,
  PATH: `${home}/bin:${process.env.PATH}`,
}
let jobId = ''
const FILES = ['model.json', 'weights.bin']
before(async () => {
  server = await startContractServer()
  Object.assign(env, { TROTLINE_URL: server.url })
  mkdirSync(join(home, 'bin'))
  const quoted = COMMAND.map(word => `'${word}'`).join(' ')
  writeFileSync(join(home, 'bin/trotline'), `#!/bin/sh\nexec ${quoted} "$@"\n`)
  chmodSync(join(home, 'bin/trotline'), 0o755)
  jobId = server.accept({ ...REQUEST, name: 'tab-me' }).id
  // As a person has: the names that an ordinary command saw.
  addWebhooks(server)
  server.routes.push((request, response) => {
    if (request.url !== `/v1/jobs/${jobId}/artifacts`) return false
    const items = FILES.map(path => ({ path, bytes: 7, sha256: 'a'.repeat(64), type: 'application/json' }))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ArtifactPage.parse({ items })))
    return true
  })
  await run(server, ['webhooks', 'create', 'https://hooks.example.org/secret', '--name', 'lab-chat'], { env })
  for (const seen of [['list'], ['artifacts', 'list', jobId], ['webhooks', 'list']]) {
    const { code, stderr } = await run(server, seen, { env })
    assert.equal(code, 0, stderr)
  }
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await run(server, ['completion', shell], { env })
    writeFileSync(join(home, `trotline.${shell}`), stdout)
  }
})
after(async () => {
  await server.stop()
  rmSync(home, { recursive: true, force: true })
})

// Before any shell: what those ask for is answered when they have gone, because they are waited for without an event loop.
test('the names that no command has seen yet are asked for', async () => {
  const fresh = mkdtempSync(join(home, 'fresh-'))
  // By itself a tab waits 300 ms, and a machine may be busier than that.
  const patient = { ...env, HOME: fresh, TROTLINE_TAB_MS: '60000' }
  const offered = async (...words: string[]): Promise<string[]> =>
    (await run(server, ['__complete', ...words, ''], { env: patient })).stdout.split('\n').slice(0, -1)
  assert.deepEqual(await offered('webhooks', 'test'), ['lab-chat\thooks.example.org'])
  assert.deepEqual(await offered('artifacts', 'get', jobId), ['model.json\t7 B', 'weights.bin\t7 B'])
  assert.deepEqual(await offered('artifacts', 'get', jobId, 'model.json'), ['weights.bin\t7 B'])
  // A word that may be any job's is not looked up while somebody waits for a tab.
  assert.deepEqual(await offered('artifacts', 'get', 'tab-me'), [])
  assert.deepEqual(await offered('show'), ['last\tthe newest job', `${jobId}\taccepted  tab-me`])
  assert.deepEqual(await offered('artifacts', 'get', 'tab-me', 'weights.bin'), ['model.json\t7 B'])
  const names = readFileSync(join(fresh, '.cache/trotline/names.json'), 'utf8')
  assert.doesNotMatch(names, /secret/, 'the address of a chat is a password to it')
})

const SHELL_LIMIT_MS = 60_000
const absent = (shell: string): string | false =>
  spawnSync(shell, ['-c', 'true'], { stdio: 'ignore' }).status === 0
    ? false
    : `there is no ${shell} here: its completion was not tried`

function shell(program: string, argv: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(program, argv, {
    env,
    cwd: home,
    encoding: 'utf8',
    timeout: SHELL_LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  assert.equal(status, 0, stderr)
  return stdout
}

/** The words that bash would offer for a line. */
const inBash = (line: string): string[] =>
  shell('bash', [
    '--norc',
    '-c',
    `source ${home}/trotline.bash
COMP_LINE="$1"; COMP_POINT=\${#COMP_LINE}; read -ra COMP_WORDS <<<"$1"
[[ $1 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_trotline trotline "\${COMP_WORDS[COMP_CWORD]}" "" 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`,
    'bash',
    line,
  ])
    .split('\n')
    .filter(word => word !== '')

/** What fish would offer: word and, after a tab, what it is. */
const inFish = (line: string): string[] =>
  shell('fish', ['--no-config', '-c', `source ${home}/trotline.fish; complete -C "$argv"`, line])
    .split('\n')
    .filter(word => word !== '')

/** A zsh with a terminal of its own in which the line and a tab are typed. The list that it draws comes back. */
const inZsh = (line: string, until: string): string =>
  shell('zsh', [
    '-f',
    '-c',
    `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=ready; PROMPT_EOL_MARK=; TERM=dumb; unsetopt zle_bracketed_paste; setopt list_rows_first; LISTMAX=0; autoload -Uz compinit; compinit -u -d ${home}/zcompdump; source ${home}/trotline.zsh; print LOAD''ED'
zpty -r -m z heard '*LOADED*' 
zpty -w -n z "$1"$'\\t'
zpty -r -m z heard "*$2*" && print -r -- "$heard"
zpty -d z`,
    'zsh',
    line,
    until,
  ])

for (const [name, complete] of [
  ['bash', inBash],
  ['fish', (line: string) => inFish(line).map(offer => offer.split('\t')[0] ?? '')],
] as const)
  test(`${name} completes commands, their commands, flags, values, jobs and files`, { skip: absent(name) }, () => {
    assert.deepEqual(complete('trotline sho'), ['show'])
    assert.deepEqual(complete('trotline artifacts '), ['list', 'get'])
    assert.ok(complete('trotline webhooks re').sort().join() === 'remove,resume')
    assert.ok(complete('trotline cancel --y').includes('--yes'))
    assert.deepEqual(complete('trotline list --state run'), ['running'])
    assert.deepEqual(complete(`trotline show ${jobId.slice(0, 4)}`), [jobId])
    assert.deepEqual(complete(`trotline wait ${jobId} la`), ['last'], 'a second JOB, too')
    assert.deepEqual(complete('trotline webhooks show '), ['lab-chat'])
    assert.deepEqual(complete(`trotline artifacts get ${jobId} `), FILES)
    assert.deepEqual(complete('trotline artifacts get tab-me model.json '), ['weights.bin'])
  })

test('fish says what a word is', { skip: absent('fish') }, () => {
  assert.match(inFish('trotline sho').join(), /^show\tshows jobs/)
  assert.match(inFish(`trotline show ${jobId.slice(0, 4)}`).join(), /\taccepted {2}tab-me$/)
})

test('fish completes the files of a request', { skip: absent('fish') }, () => {
  writeFileSync(join(home, 'request.yml'), '')
  assert.match(inFish('trotline submit req').join(), /^request\.yml/)
})

test('zsh completes a command where one fits, and lists several with what they are', { skip: absent('zsh') }, () => {
  assert.match(inZsh('trotline doct', 'doctor '), /doctor /)
  const listed = inZsh('trotline artifacts ', 'get*--*')
  assert.match(listed, /list +-- +shows which files there are/)
  assert.match(inZsh(`trotline show ${jobId.slice(0, 4)}`, jobId), new RegExp(jobId))
  assert.match(inZsh('trotline webhooks resume lab', 'lab-chat'), /lab-chat/)
  assert.match(inZsh(`trotline artifacts get ${jobId} wei`, 'weights.bin'), /weights\.bin/)
})
