// Threads that compute give way to the one that answers.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { getPriority } from 'node:os'
import { test } from 'node:test'

const MODULE = new URL('../../apps/orchestrator/src/solving/give-way.ts', import.meta.url)

/** The nice value is the 17th field after the name (proc(5)). */
const PROGRAM = `
  import { readdirSync, readFileSync } from 'node:fs'
  const niceOf = thread =>
    Number(readFileSync('/proc/self/task/' + thread + '/stat', 'utf8').replace(/^.*\\) /, '').split(' ')[16])
  const { giveWay } = await import(${JSON.stringify(MODULE.href)})
  giveWay()
  const others = readdirSync('/proc/self/task').filter(thread => Number(thread) !== process.pid)
  console.log(JSON.stringify({ own: niceOf(process.pid), others: others.map(niceOf) }))`

test('a thread that gives way is nicer by ten, and the other threads of the process are not', () => {
  const argv = ['--import', 'tsx', '--conditions=@trotline/source', '--input-type=module', '--eval', PROGRAM]
  const { own, others } = JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' })) as {
    own: number
    others: number[]
  }
  const ours = getPriority()
  assert.equal(own, Math.min(ours + 10, 19))
  assert.ok(others.length > 0)
  assert.deepEqual([...new Set(others)], [ours])
})
