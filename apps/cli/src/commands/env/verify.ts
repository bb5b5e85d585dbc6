// trotline env verify: is every file still what the lock's packages brought?
import type { Materialisation } from '@trotline/contracts'
import type { Command } from 'commander'
import type { Act } from '../../act.ts'
import type { Context } from '../../context.ts'
import { EXIT, type ExitCode, exitOfBuild } from '../../exit-codes.ts'
import { findCluster } from '../../find-cluster.ts'
import { seeBuild } from '../../follow/see-build.ts'
import { withExamples } from '../../help.ts'
import { duration } from '../../text/durations.ts'
import { troubleLines } from '../../text/environment-text.ts'
import { count } from '../../text/figures.ts'
import type { Style } from '../../text/style.ts'
import { type OnCluster, withCluster, withEnvironment } from './argument.ts'

export function declareVerify(env: Command, act: Act): void {
  const command = withCluster(withEnvironment(env.command('verify')))
    .description('looks at every file of it on a cluster; 0 all is as it was, 10 something is not')
    .action(act(verify))
  withExamples(command, [['trotline env verify ml@3 && trotline submit train.yml', '']])
}

async function verify(context: Context, wanted: string, options: OnCluster): Promise<ExitCode> {
  const { client, out } = context
  const cluster = await findCluster(context, options.cluster)
  const asked = await client.environments.verify(wanted, cluster)
  const again = `trotline env verify ${wanted} --cluster ${cluster}`
  // The step stands there for as long as somebody looks.
  const one = await seeBuild(context, asked, { words: wanted, again, over: ({ step }) => step === null })
  if (out.json) await out.answerLine(one)
  else if (out.quiet) return ended(one)
  else if (out.answerIsTerminal) await out.answer(`${verifiedText(wanted, one, out.answerStyle)}\n`)
  else {
    out.say(verifiedText(wanted, one, out.sayStyle))
    await out.answer(`${one.look?.drift == null ? one.state : 'drift'}\n`)
  }
  return ended(one)
}

const ended = (one: Materialisation): ExitCode => (one.look?.drift == null ? exitOfBuild(one) : EXIT.failed)

function verifiedText(wanted: string, one: Materialisation, style: Style): string {
  const { look } = one
  if (look === null) return `${style.warn('not looked at')}  ${wanted} on ${one.cluster}: ${one.detail}`
  const looked = `${count(look.looked, 'file')} in ${duration(look.seconds)}`
  if (look.drift === null) return `${style.good('as it was')}  ${wanted} on ${one.cluster}, ${looked}`
  return [
    `${style.bad('drift')}  ${wanted} on ${one.cluster}, ${looked}: ${look.drift.detail}`,
    ...troubleLines(one, style).slice(1),
    'To do: nothing; it is set aside, and the next job that needs it has it made anew.',
  ].join('\n')
}
