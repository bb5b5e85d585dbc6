// The Slurm job that makes an environment, word for word.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { type BuildJob, renderBuildScript } from '../../../apps/orchestrator/src/clusters/environment-script.ts'

const job: BuildJob = {
  slurmName: 'tl-env-0123abcd-2',
  directory: '/scratch/trotline/environments/.builds/0123',
  run: 'make-2',
  partition: 'shared',
  account: null,
  qos: null,
  cpus: 2,
  memoryMiB: 4096,
  timeLimitMinutes: 65,
  node: '/usr/bin/node',
  program: '/scratch/trotline/releases/ff/environment.mjs',
  prologue: [],
}

test('asks Slurm for what the operator gave it and for nothing else', () => {
  const directives = (over: Partial<BuildJob> = {}): string[] =>
    renderBuildScript({ ...job, ...over })
      .split('\n')
      .filter(line => line.startsWith('#SBATCH '))
      .map(line => line.slice('#SBATCH '.length))
  assert.deepEqual(directives(), [
    '--job-name=tl-env-0123abcd-2',
    '--partition=shared',
    '--nodes=1',
    '--ntasks=1',
    '--cpus-per-task=2',
    '--mem=4096M',
    '--time=65',
    '--no-requeue',
    '--signal=B:TERM@60',
    '--chdir=/scratch/trotline/environments/.builds/0123',
    '--output=/scratch/trotline/environments/.builds/0123/slurm.log',
    '--open-mode=append',
  ])
  assert.deepEqual(
    directives({ account: 'proj', qos: 'low' }).filter(line => /account|qos/.test(line)),
    ['--account=proj', '--qos=low'],
  )
})

test('is a script that bash reads, with the operator’s lines and without words of anybody else', () => {
  const text = renderBuildScript({ ...job, prologue: ['module load mamba'] })
  const { status, stderr } = spawnSync('bash', ['-n'], { input: text })
  assert.equal(status, 0, String(stderr))
  assert.ok(text.includes('\nmodule load mamba\n'))
  assert.ok(
    text.includes(`'/usr/bin/node' '/scratch/trotline/releases/ff/environment.mjs' 'make'`) ||
      text.includes('/usr/bin/node /scratch/trotline/releases/ff/environment.mjs make'),
  )
})
