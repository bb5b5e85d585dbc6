// trotline env cancel, env remove: the one ends a making that is under way, the other takes away what was made. The lock stays either way.
import type { Command } from 'commander'
import type { Act } from '../../act.ts'
import type { Context } from '../../context.ts'
import { CliError } from '../../errors.ts'
import { EXIT } from '../../exit-codes.ts'
import { findCluster } from '../../find-cluster.ts'
import { withExamples } from '../../help.ts'
import { isBeingMade, madeText } from '../../text/environment-text.ts'
import { type OnCluster, withCluster, withEnvironment } from './argument.ts'

export function declareCancelBuild(env: Command, act: Act): void {
  const command = withCluster(withEnvironment(env.command('cancel')))
    .description('ends its making on a cluster; jobs that wait for it fail')
    .action(act((context: Context, wanted: string, options: OnCluster) => end(context, wanted, options, 'cancel')))
  withExamples(command, [['trotline env cancel ml@3', '']])
}

export function declareRemove(env: Command, act: Act): void {
  const command = withCluster(withEnvironment(env.command('remove')))
    .description('takes it away from a cluster; the lock is kept, and it can be made again')
    .action(act((context: Context, wanted: string, options: OnCluster) => end(context, wanted, options, 'remove')))
  withExamples(command, [
    ['trotline env remove ml@1', 'refused while a job needs it'],
    ['trotline env collect --dry-run', 'what nobody has used for long'],
  ])
}

async function end(context: Context, wanted: string, options: OnCluster, verb: 'cancel' | 'remove') {
  const { client, out } = context
  const cluster = await findCluster(context, options.cluster)
  const failed = verb === 'cancel' ? 'Not cancelled' : 'Not removed'
  const explained = (error: unknown): never => {
    throw error instanceof CliError && error.code !== 'INTERRUPTED' ? error.with({ failed }) : error
  }
  const before = await client.environments.on(wanted, cluster).catch(explained)
  // One call does both there; a person means one of them.
  if (verb === 'cancel' && !isBeingMade(before))
    throw new CliError('CONFLICT', `${wanted} is ${before.state} on ${cluster}; nothing is under way.`, {
      failed,
      ...(before.state === 'ready' ? { fix: [`trotline env remove ${wanted} --cluster ${cluster}`] } : {}),
    })
  if (verb === 'remove' && isBeingMade(before))
    throw new CliError('CONFLICT', `${wanted} is being made on ${cluster}.`, {
      failed,
      fix: [`trotline env cancel ${wanted} --cluster ${cluster}`],
    })
  const after = await client.environments.cancelOrRemove(wanted, cluster).catch(explained)
  if (out.json) await out.answerLine(after)
  else if (out.answerIsTerminal && !out.quiet)
    await out.answer(
      `${verb === 'cancel' ? 'Cancelling' : 'Removing'}  ${wanted} on ${cluster}: ${madeText(after, Date.now())}\n`,
    )
  else if (!out.quiet) await out.answer(`${after.state}\n`)
  return EXIT.done
}
