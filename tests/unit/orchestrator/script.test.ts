import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { renderScript, type ScriptInput } from '../../../apps/orchestrator/src/lifecycle/script.ts'
import { request } from '../../support/job-records.ts'

const input = (over: Partial<ScriptInput> = {}): ScriptInput => ({
  request: request(),
  slurmName: 'tl-abcdefghjkmn-1',
  submission: 1,
  jobDirectory: '/scratch/trotline/jobs/ada/abcdefghjkmn',
  releaseDirectory: `/scratch/trotline/releases/${'0'.repeat(64)}`,
  node: '/usr/bin/node',
  prologue: [],
  timeLimitMinutes: 60,
  warnSeconds: 120,
  ...over,
})

const everything = input({
  request: request({
    partition: 'gpu',
    gpus: 2,
    gpuType: 'a100',
    cpus: 8,
    memoryMiB: 65_536,
    account: 'proj.1',
    qos: 'high',
    constraint: '[rack1|rack2]&ib*2',
    reservation: 'spring_school',
    excludeNodes: ['k01', 'k02'],
    licenses: 'matlab:2,ansys@server:1',
    hold: true,
    beginAt: '2030-02-03T04:05:06.789Z',
    requeue: false,
  }),
  slurmName: 'tl-abcdefghjkmn-3',
  submission: 3,
  jobDirectory: '/lustre/+odd@no/@scratch/-x/jobs/ada/abcdefghjkmn',
  prologue: ['module load cuda/11.8', 'export LD_LIBRARY_PATH="$HOME/lib:$LD_LIBRARY_PATH"'],
  timeLimitMinutes: 90,
  warnSeconds: 300,
})

const inEnvironment = input({
  request: request({ partition: 'gpu', gpus: 1 }, { environment: { lock: 'e'.repeat(64) } }),
  prologue: ['module load cuda/11.8'],
})

const directives = (script: string): string[] =>
  script.split('\n').flatMap(line => (line.startsWith('#SBATCH ') ? [line.slice(8)] : []))

describe('the sbatch script', () => {
  test('is, with every option asked for, word for word the recorded one', () => {
    assert.equal(renderScript(everything), readFileSync(new URL('script.expected.txt', import.meta.url), 'utf8'))
  })

  test('of a job that computes on GPUs in an environment is word for word the recorded one', () => {
    const recorded = readFileSync(new URL('script-environment.expected.txt', import.meta.url), 'utf8')
    assert.equal(renderScript(inEnvironment), recorded)
  })

  test('says nothing of an environment to a command, nor where no GPU is used', () => {
    const { environment } = inEnvironment.request
    const command = { kind: 'command' as const, command: ['python', 'train.py'] }
    for (const asked of [
      request({ gpus: 1 }, { environment, training: command }),
      request({ gpus: 0 }, { environment }),
    ])
      assert.doesNotMatch(renderScript(input({ request: asked })), /libraries|LD_LIBRARY_PATH/)
  })

  test('names no option that was not asked for', () => {
    const names = directives(renderScript(input())).map(option => option.split('=')[0])
    assert.deepEqual(names, [
      '--job-name',
      '--partition',
      '--nodes',
      '--ntasks',
      '--cpus-per-task',
      '--mem',
      '--time',
      '--requeue',
      '--signal',
      '--chdir',
      '--output',
      '--open-mode',
    ])
  })

  test('asks for GPUs of any type where none is named', () => {
    const script = renderScript(input({ request: request({ gpus: 3 }) }))
    assert.ok(directives(script).includes('--gres=gpu:3'))
  })

  test('asks for the time of this submission, not of the whole training', () => {
    const script = renderScript(input({ request: request({ timeLimitMinutes: 5_000 }), timeLimitMinutes: 600 }))
    assert.ok(directives(script).includes('--time=600'))
  })

  test('puts every directive in front of the first command, where sbatch reads them', () => {
    const lines = renderScript(everything).split('\n')
    assert.equal(lines[0], '#!/bin/bash')
    const last = lines.findLastIndex(line => line.startsWith('#SBATCH '))
    assert.ok(lines.slice(1, last + 1).every(line => line.startsWith('#SBATCH ')))
  })

  test('runs the operator’s lines after the log is open and before the worker', () => {
    const script = renderScript(everything)
    const order = ['exec >>', 'module load', 'exec /usr/bin/node'].map(text => script.indexOf(text))
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    )
    assert.ok(order.every(at => at >= 0))
  })

  test('quotes a path that a shell would read otherwise', () => {
    const script = renderScript(input({ jobDirectory: "/a b/$(x)'y", node: '/opt/node 20/bin/node' }))
    assert.match(script, /^run='\/a b\/\$\(x\)'\\''y\/runs\/1-'"\$\{SLURM_RESTART_COUNT:-0\}"$/m)
    assert.match(script, /^exec '\/opt\/node 20\/bin\/node' .* '\/a b\/\$\(x\)'\\''y' 1$/m)
  })

  test('is the same for the same record, however often it is rendered', () => {
    assert.equal(renderScript(everything), renderScript(everything))
  })

  test('holds nothing of what is to be trained', () => {
    const others: Parameters<typeof request>[1][] = [
      { training: { kind: 'preset', preset: 'linear-regression', epochs: 7, seed: 9 } },
      { training: { kind: 'command', command: ['sh', '-c', '$(id)'], files: { 'a.sh': 'exit 1' }, env: { A: 'x' } } },
    ]
    for (const other of others)
      assert.equal(renderScript(input({ request: request({}, other) })), renderScript(input()))
  })
})
