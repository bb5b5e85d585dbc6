import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wantedAt } from '../../../apps/cli/src/completion/wanted.ts'
import { wordsOf } from '../../../apps/cli/src/completion/words.ts'
import { createProgram } from '../../../apps/cli/src/program.ts'

const tree = wordsOf(
  createProgram(
    () => async () => {},
    () => {},
  ),
)
const at = (line: string) => {
  const words = line.split(' ')
  const typed = words.pop() ?? ''
  return wantedAt(tree, words, typed)
}
const words = (line: string): string[] => at(line).words.map(([word]) => word)

test('commands, their own commands and their flags are known without asking anybody', () => {
  for (const command of ['submit', 'list', 'explain', 'config', 'doctor'])
    assert.ok(words('').includes(command), command)
  assert.ok(words('env ').includes('build'))
  assert.ok(words('list --').includes('--since'))
  assert.ok(words('list --').includes('--json'), 'those that stand everywhere, too')
  assert.deepEqual(words('completion '), ['bash', 'zsh', 'fish'])
  assert.ok(words('list --state ').includes('running'))
})

test('where a job, a cluster, a partition or an environment can stand, these names are looked up', () => {
  const kinds = [
    ['show ', 'jobs'],
    ['diff k3v9 ', 'jobs'],
    ['logs --lines 5 ', 'jobs'],
    ['clusters show ', 'clusters'],
    ['check --cluster ', 'clusters'],
    ['--json suggest --partition ', 'partitions'],
    ['env show ', 'environments'],
    ['env diff ml@1 ', 'environments'],
    ['env build ml@1 --cluster ', 'clusters'],
    ['webhooks show ', 'webhooks'],
    ['webhooks remove lab ', 'webhooks'],
    ['artifacts get ', 'jobs'],
    ['artifacts get k3v9 ', 'artifacts'],
    ['list ', null],
  ] as const
  for (const [line, kind] of kinds) assert.equal(at(line).names, kind, line)
  assert.deepEqual(words('show '), ['last'])
})

test('a file is the shell’s to complete', () => {
  assert.equal(at('submit ').files, true)
  assert.equal(at('show ').files, false)
  assert.deepEqual([at('rerun ').names, at('rerun ').files], ['jobs', true])
})

test('the files of a job are those of the job on the line, and one that stands there is not offered again', () => {
  const { names, of, without } = at('artifacts get --overwrite -o model k3v9 a.json b.bin ')
  assert.deepEqual([names, of, without], ['artifacts', 'k3v9', ['a.json', 'b.bin']])
  assert.equal(at('artifacts get -o ').files, true)
})
