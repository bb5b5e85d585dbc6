// What a slurmctld does that has lost a launch it had ordered: the same run of the same job is started a second time.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Job } from '@trotline/contracts'
import type { World } from '../world.ts'

/** Answers how the second process ended; null: it was still at it after `limitMs`, and was stopped. */
export async function startAgain(world: World, job: Job, limitMs: number): Promise<number | null> {
  const { jobId = '', name = '', nodes } = job.slurm ?? {}
  const { SLURM_RESTART_COUNT: _, ...settings } = process.env
  const child = spawn('bash', [join(world.jobDirectory(job.id), 'script.sh')], {
    stdio: 'ignore',
    env: {
      ...settings,
      SLURM_CONF: world.cluster.slurmConf,
      SLURM_JOB_ID: jobId,
      SLURM_JOB_NAME: name,
      SLURMD_NODENAME: nodes ?? '',
    },
  })
  const ended = new Promise<number | null>(done => child.once('exit', code => done(code)))
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  const code = await ended
  clearTimeout(timer)
  return code
}
