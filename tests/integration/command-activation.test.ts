// The shell that enters an environment, run for real: only a shell can say what it makes of words.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { argvOf } from '../../apps/worker/src/command/activation.ts'

const home = mkdtempSync(join(tmpdir(), 'trotline-activation-'))
after(() => rmSync(home, { recursive: true }))

let count = 0
function prefixWith(scripts: Record<string, string>): string {
  count += 1
  const prefix = join(home, `env ${count}`)
  const folder = join(prefix, 'etc/conda/activate.d')
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(folder, name), text)
  return prefix
}

function run(prefix: string, command: string[], env: NodeJS.ProcessEnv = {}) {
  const [program = '', ...words] = argvOf(command, true)
  const options = { env: { PATH: '/usr/bin:/bin', CONDA_PREFIX: prefix, ...env }, encoding: 'utf8' } as const
  return spawnSync(program, words, options)
}

const SHOW = [process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)), process.env.SET ?? "-")']

describe('a command in its environment', () => {
  test('gets every word as it was asked for, whatever a shell would make of it', () => {
    const words = ['a b', '$(id)', '`id`', "'", '"', '*', '\\', '', 'x\ny', ';exit 9', '-e', '--', '$PATH']
    const { stdout, status } = run(prefixWith({}), [...SHOW, ...words])
    assert.equal(status, 0)
    assert.equal(stdout.split('\n').at(-2), `${JSON.stringify(words)} -`)
  })

  test('starts after every activation script, none of which changes its words', () => {
    const prefix = prefixWith({
      'a.sh': 'set -- changed; script=changed; export SET=a',
      'b.sh': 'export SET=$SET"b"; false',
      'c.txt': 'export SET=no',
    })
    const { stdout } = run(prefix, [...SHOW, 'one', 'two'])
    assert.equal(stdout.split('\n').at(-2), '["one","two"] ab')
  })

  test('is shown with the prefix and the programs that it finds there', () => {
    const prefix = prefixWith({})
    mkdirSync(join(prefix, 'bin'))
    writeFileSync(join(prefix, 'bin/python'), '#!/bin/sh\necho ours\n', { mode: 0o755 })
    const { stdout } = run(prefix, ['python', 'train.py'], { PATH: `${prefix}/bin:/usr/bin:/bin` })
    assert.equal(
      stdout,
      `environment ${prefix}: python is ${prefix}/bin/python, python is ${prefix}/bin/python\nours\n`,
    )
  })

  test('is hidden by neither BASH_ENV nor a function of the job, and both are passed on', () => {
    const file = join(home, 'bash-env')
    writeFileSync(file, 'PATH=/nowhere; echo read\n')
    const env = { BASH_ENV: file, 'BASH_FUNC_printf%%': '() { echo hidden; }' }
    const { stdout } = run(prefixWith({}), [process.execPath, '-p', 'process.env.BASH_ENV'], env)
    assert.equal(stdout.split('\n')[1], file)
    assert.doesNotMatch(stdout, /^read|^hidden/m)
    const functions = run(prefixWith({}), [process.execPath, '-p', '"BASH_FUNC_printf%%" in process.env'], env)
    assert.equal(functions.stdout.split('\n')[1], 'true')
  })

  test('that is not there ends with 127, as everywhere', () => {
    assert.equal(run(prefixWith({}), ['no-such-program']).status, 127)
  })

  test('needs no shell without an environment', () => {
    assert.deepEqual(argvOf(['python', '-c', 'print(1)'], false), ['python', '-c', 'print(1)'])
  })
})
