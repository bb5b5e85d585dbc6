// trotline wait: sees a job through, with the same progress as submit --follow.
import { type Command, InvalidArgumentError } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { findJob } from '../find-job.ts'
import { seeThrough } from '../follow/see-through.ts'
import { withExamples } from '../help.ts'

export function declareWait(program: Command, act: Act): void {
  const command = program
    .command('wait')
    .description('follows a job to its end; the exit code tells how it ended')
    .argument('<JOB>', 'id, name, beginning of an id, or last')
    .option('--timeout <duration>', 'give up after this long, such as 90s, 10m or 2h (exit 8)', milliseconds)
    .action(act(wait))
  withExamples(command, [
    ['trotline wait last', 'progress until it ends; Ctrl-C leaves it running'],
    ['trotline wait k3v9 -q && ./next-step.sh', 'go on only if it completed'],
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

async function wait(context: Context, wanted: string, options: { timeout?: number }) {
  const { job, now } = await context.client.jobNow(await findJob(context, wanted))
  return seeThrough(context, job, {
    serverNow: now,
    ending: 'answer',
    ...(options.timeout === undefined ? {} : { limit: AbortSignal.timeout(options.timeout) }),
  })
}
