// Whatever keeps nvidia-smi from answering is told as trouble, soon: it never ends the run that asks.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, test } from 'node:test'
import { askNvidiaSmi } from '../../../apps/worker/src/nvidia-smi.ts'

const home = mkdtempSync(join(tmpdir(), 'trotline-nvidia-smi-'))
const path = process.env.PATH ?? ''
after(() => {
  process.env.PATH = path
  rmSync(home, { recursive: true, force: true })
})

function folder(name: string, script?: string): string {
  const made = join(home, name)
  mkdirSync(made)
  if (script) writeFileSync(join(made, 'nvidia-smi'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return made
}

const never = new AbortController().signal

test('a program that cannot be started for a reason of its own is told as trouble', async () => {
  const loop = folder('loop')
  symlinkSync('nvidia-smi', join(loop, 'nvidia-smi'))
  process.env.PATH = loop
  const found = await askNvidiaSmi({ stop: never })
  assert.deepEqual([found.gpus, found.driver], [[], null])
  assert.ok(found.gpuTrouble)
})

test('a process that has no descriptor left hears of trouble too', () => {
  const source = new URL('../../../apps/worker/src/nvidia-smi.ts', import.meta.url)
  const script = `
    import { openSync } from 'node:fs'
    import { askNvidiaSmi } from ${JSON.stringify(source.href)}
    const most = []
    try { for (;;) most.push(openSync('/dev/null')) } catch {}
    const found = await askNvidiaSmi({ stop: new AbortController().signal, limitMs: 5000 })
    process.stdout.write(JSON.stringify(found))
    process.exit(0)`
  const bin = folder('few', 'echo none')
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', 'ulimit -n 200 && exec "$@"', 'sh', process.execPath, ...loaders(), '--input-type=module', '-e', script],
    { encoding: 'utf8', timeout: 30_000, env: { ...process.env, PATH: `${bin}${delimiter}${path}` } },
  )
  assert.notEqual(stdout, '', stderr)
  assert.ok(JSON.parse(stdout).gpuTrouble)
})

/** How this process reads TypeScript. */
const loaders = (): string[] => ['--import', 'tsx', '--conditions=@trotline/source']

test('a wrapper that leaves something running which holds its pipes costs no more than a moment', async () => {
  const pids = join(home, 'still-running')
  const script = `sleep 60 &\necho $! >>'${pids}'\necho "Tesla T4, 535.104.05, 7.5"`
  process.env.PATH = `${folder('wrapper', script)}${delimiter}${path}`
  // Its own limit is a minute: whatever keeps it from an answer is not that.
  const { gpus, driver } = await askNvidiaSmi({ stop: never, limitMs: 60_000 })
  // They run on: nobody waited for them. kill(2) of one that is gone would be an exception.
  const left = readFileSync(pids, 'utf8').split('\n').filter(Boolean)
  for (const pid of left) process.kill(Number(pid), 'SIGKILL')
  assert.ok(left.length >= 2)
  assert.deepEqual([gpus.length, driver], [1, '535.104.05'])
})
