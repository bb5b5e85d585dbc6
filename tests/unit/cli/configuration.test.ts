import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { setInFile, userFile } from '../../../apps/cli/src/configuration/config-file.ts'
import { readConfiguration } from '../../../apps/cli/src/configuration/configuration.ts'
import { tokenOf } from '../../../apps/cli/src/configuration/token.ts'
import { keepToken, tokensFile } from '../../../apps/cli/src/configuration/token-store.ts'
import { CliError } from '../../../apps/cli/src/errors.ts'
import { readSettings } from '../../../apps/cli/src/settings.ts'

const TOP = mkdtempSync(join(tmpdir(), 'trotline-config-'))
after(() => rmSync(TOP, { recursive: true, force: true }))
let made = 0
let home: string
let project: string
let cwd: string
let system: string
beforeEach(() => {
  made += 1
  home = join(TOP, String(made))
  project = join(home, 'project')
  cwd = join(project, 'deep', 'er')
  system = join(home, 'etc.yaml')
  mkdirSync(cwd, { recursive: true })
  mkdirSync(join(home, '.config', 'trotline'), { recursive: true })
})

const settings = (env: Record<string, string> = {}) => readSettings({ HOME: home, ...env })
const read = (env: Record<string, string> = {}, flags = {}) => readConfiguration(settings(env), cwd, flags, system)
const put = (file: string, text: string) => writeFileSync(file, text)
const say = (word: string) => `url: https://${word}.example.org\n`
const USER = () => userFile(join(home, '.config'))

test('a flag stands above the variable, above the project, above the user, above the machine, above the default', () => {
  assert.equal(read().of('url'), null)
  assert.deepEqual(read().of('patience'), { value: '60', level: 'default', origin: 'default' })
  const steps: [put: () => void, env: Record<string, string>, flags: object, level: string][] = [
    [() => put(system, say('machine')), {}, {}, 'system'],
    [() => put(USER(), say('user')), {}, {}, 'user'],
    [() => put(join(project, 'trotline.yaml'), say('project')), {}, {}, 'project'],
    [() => {}, { TROTLINE_URL: 'https://variable.example.org' }, {}, 'variable'],
    [() => {}, { TROTLINE_URL: 'https://variable.example.org' }, { url: 'https://flag.example.org' }, 'flag'],
  ]
  for (const [write, env, flags, level] of steps) {
    write()
    assert.equal(read(env, flags).of('url')?.level, level)
  }
  assert.equal(read().of('url')?.origin, join(project, 'trotline.yaml'))
})

test('a file with an unknown field, of another type or that is no YAML is named with what is wrong', () => {
  const wrong: [text: string, says: RegExp][] = [
    ['server: x\n', /config\.yaml cannot be used: .*server/i],
    ['patience: soon\n', /patience: /],
    ['url: [\n', /cannot be used/],
  ]
  for (const [text, says] of wrong) {
    put(USER(), text)
    assert.throws(read, (error: unknown) => error instanceof CliError && error.exit === 2 && says.test(error.message))
  }
})

test('to set a field leaves comments and other fields as they are, and to unset it takes it out', () => {
  put(USER(), '# mine\nurl: https://a.example.org # old\ncluster: reef\n')
  setInFile(USER(), 'url', 'https://b.example.org')
  assert.match(readFileSync(USER(), 'utf8'), /^# mine\nurl: https:\/\/b\.example\.org[^\n]*\ncluster: reef\n$/)
  setInFile(USER(), 'url', null)
  assert.equal(read().of('url'), null)
  assert.equal(read().of('cluster')?.value, 'reef')
})

test("a project's file can have no token sent that was not given to its server", () => {
  put(join(project, 'trotline.yaml'), say('elsewhere'))
  put(USER(), 'tokenFile: token\n')
  put(join(home, '.config', 'trotline', 'token'), 'a-secret')
  const env = { TROTLINE_TOKEN: 'of-the-variable' }
  const elsewhere = new URL('https://elsewhere.example.org')
  const token = () => tokenOf(settings(env), read(env), elsewhere, () => {})
  assert.equal(token(), null)
  const store = tokensFile(join(home, '.config'))
  keepToken(store, new URL('https://other.example.org'), 'of-another')
  assert.equal(token(), null)
  keepToken(store, elsewhere, 'its-own')
  assert.equal(token()?.value, 'its-own')
  put(join(project, 'trotline.yaml'), `${say('elsewhere')}tokenFile: /etc/passwd\n`)
  assert.throws(() => read(env), /a project's file may not/)
})

test('a token is kept where only its owner can read it, and a file that others can read is refused', () => {
  const store = tokensFile(join(home, '.config'))
  const url = new URL('https://trotline.example.org')
  keepToken(store, url, 'mine')
  assert.equal(statSync(store).mode & 0o777, 0o600)
  const asked = () => tokenOf(settings(), read({ TROTLINE_URL: url.href }), url, () => {})
  assert.deepEqual(asked(), { value: 'mine', origin: store })
  writeFileSync(store, '{}', { mode: 0o644 })
  rmSync(store)
  writeFileSync(store, '{}', { mode: 0o644 })
  assert.throws(asked, /Others can read/)
})
