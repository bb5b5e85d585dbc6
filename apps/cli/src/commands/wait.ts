// trotline wait: sees jobs through; one of them with the same progress as submit --follow.
import type { Job } from '@trotline/contracts'
import { type Command, InvalidArgumentError } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { seeAll } from '../follow/see-all.ts'
import { seeThrough } from '../follow/see-through.ts'
import { withExamples } from '../help.ts'

export function declareWait(program: Command, act: Act): void {
  const command = program
    .command('wait')
    .description(
      'follows jobs to their ends; the exit code tells how: of several, that of the first which did not complete',
    )
    .argument('<JOB...>', 'ids, names, beginnings of ids, or last')
    .option('--timeout <duration>', 'give up after this long, such as 90s, 10m or 2h (exit 8)', milliseconds)
    .action(act(wait))
  withExamples(command, [
    ['trotline wait last', 'progress until it ends; Ctrl-C leaves it running'],
    ['trotline wait k3v9 -q && ./next-step.sh', 'go on only if it completed'],
    ['trotline wait k3v9 m2x7 p8d1', 'until all three have ended'],
    ['trotline wait k3v9 --timeout 10m', ''],
  ])
}

export function milliseconds(text: string): number {
  const [, amount, unit] = /^([0-9]{1,6})(s|m|min|h|d)?$/.exec(text) ?? []
  if (amount === undefined) throw new InvalidArgumentError('It is a number with s, m, h or d: 90s, 10m, 2h.')
  const seconds = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 }[unit ?? 's'] ?? 1
  // Node's timers end at 2^31 - 1 ms; 24 days are as good as none.
  return Math.min(Number(amount) * seconds * 1000, 2 ** 31 - 1)
}

/** A name that is none is said before anything is waited for. */
async function wait(context: Context, wanted: string[], options: { timeout?: number }): Promise<ExitCode> {
  const limit = options.timeout === undefined ? null : AbortSignal.timeout(options.timeout)
  const found = new Map<string, { job: Job; now: number }>()
  for (const word of wanted) {
    const id = await findJob(context, word)
    if (!found.has(id)) found.set(id, await context.client.jobNow(id))
  }
  const [only] = found.values()
  if (wanted.length > 1 || only === undefined) {
    const jobs = [...found.values()].map(({ job }) => job)
    return seeAll(context, jobs, limit)
  }
  return seeThrough(context, only.job, {
    serverNow: only.now,
    ending: 'answer',
    ...(limit === null ? {} : { limit }),
  })
}
