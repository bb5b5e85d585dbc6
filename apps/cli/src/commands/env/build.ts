// trotline env build: has an environment made on a cluster before a job needs it.
import type { Materialisation } from '@trotline/contracts'
import type { Command } from 'commander'
import type { Act } from '../../act.ts'
import type { Context } from '../../context.ts'
import { EXIT, type ExitCode, exitOfBuild } from '../../exit-codes.ts'
import { findCluster } from '../../find-cluster.ts'
import { seeBuild } from '../../follow/see-build.ts'
import { withExamples } from '../../help.ts'
import { nextText } from '../../text/ending-text.ts'
import { isBuilt, madeText, troubleLines } from '../../text/environment-text.ts'
import { bytes, count } from '../../text/figures.ts'
import type { Style } from '../../text/style.ts'
import { type OnCluster, withCluster, withEnvironment } from './argument.ts'

export function declareBuild(env: Command, act: Act): void {
  const command = withCluster(withEnvironment(env.command('build')))
    .description('has it made on a cluster; jobs that need it have it made by themselves')
    .option('--follow', 'stay until it is ready; the exit code tells')
    .action(act(build))
  withExamples(command, [
    ['trotline env build ml@3 --follow', 'with progress'],
    ['trotline env build ml@3 --cluster bluecrab', ''],
  ])
}

async function build(context: Context, wanted: string, options: OnCluster & { follow?: boolean }): Promise<ExitCode> {
  const { client, out } = context
  const cluster = await findCluster(context, options.cluster)
  const asked = await client.environments.build(wanted, cluster)
  const log = `trotline env log ${wanted} --cluster ${cluster}`
  const again = `trotline env build ${wanted} --cluster ${cluster} --follow`
  if (options.follow !== true) {
    if (out.json) await out.answerLine(asked)
    else if (out.answerIsTerminal && !out.quiet)
      await out.answer(`${wanted} on ${cluster}: ${madeText(asked, Date.now())}\n`)
    else if (!out.quiet) await out.answer(`${asked.state}\n`)
    if (!isBuilt(asked)) out.say(nextText([again, `${log} --follow`], out.sayStyle))
    return EXIT.done
  }
  const ended = await seeBuild(context, asked, { words: wanted, again })
  if (out.json) await out.answerLine(ended)
  else if (out.answerIsTerminal && !out.quiet) await out.answer(`${endText(wanted, ended, out.answerStyle)}\n`)
  else {
    out.say(endText(wanted, ended, out.sayStyle))
    if (!out.quiet) await out.answer(`${ended.state}\n`)
  }
  if (ended.state !== 'ready') out.say(nextText([log], out.sayStyle))
  return exitOfBuild(ended)
}

function endText(wanted: string, one: Materialisation, style: Style): string {
  if (one.state !== 'ready')
    return [`${style.bad(one.state)}  ${wanted} on ${one.cluster}`, ...troubleLines(one, style)].join('\n')
  const size = one.bytes === null ? '' : `, ${bytes(one.bytes)}`
  const files = one.files === null ? '' : ` in ${count(one.files, 'file')}`
  return `${style.good('ready')}  ${wanted} on ${one.cluster}${size}${files}`
}
