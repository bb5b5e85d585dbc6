// trotline env collect: takes away what nobody has used for long.
import { type Command, InvalidArgumentError } from 'commander'
import type { Act } from '../../act.ts'
import type { Context } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { findCluster } from '../../find-cluster.ts'
import { withExamples } from '../../help.ts'
import { COLLECT_COLUMNS, collectRow } from '../../text/environment-text.ts'
import { bytes } from '../../text/figures.ts'
import { tabbed, table } from '../../text/table.ts'
import { type OnCluster, withCluster } from './argument.ts'

type Options = OnCluster & { unusedDays?: number; dryRun?: boolean }

const DEFAULT_DAYS = 90

export function declareCollect(env: Command, act: Act): void {
  const command = withCluster(env.command('collect'))
    .description('removes environments from a cluster that nobody has used for long (operators); locks are kept')
    .option('--unused-days <days>', `last used at least so long ago (default: ${DEFAULT_DAYS})`, days)
    .option('--dry-run', 'only tell what would be removed')
    .action(act(collect))
  withExamples(command, [
    ['trotline env collect --dry-run', ''],
    ['trotline env collect --unused-days 30', ''],
  ])
}

function days(text: string): number {
  if (!/^\d{1,5}(\.\d+)?$/.test(text)) throw new InvalidArgumentError('It is a number of days.')
  return Number(text)
}

async function collect(context: Context, { cluster: wanted, unusedDays = DEFAULT_DAYS, dryRun = false }: Options) {
  const { client, out } = context
  const cluster = await findCluster(context, wanted)
  const answer = await client.environments.collect(cluster, { unusedDays, dryRun })
  if (out.json) await out.answerLine(answer)
  else if (out.quiet) await out.answer(answer.items.map(({ lock }) => `${lock}\n`).join(''))
  else {
    const rows = answer.items.map(item => collectRow(item, Date.now()))
    await out.answer(
      out.answerIsTerminal ? table(COLLECT_COLUMNS, rows, out.width(), out.answerStyle) : tabbed(COLLECT_COLUMNS, rows),
    )
    out.say(`${dryRun ? 'Would free' : 'Freed'} ${bytes(answer.bytes)} on ${cluster}.`)
  }
  return EXIT.done
}
