// trotline env list: the newest first.
import type { Command } from 'commander'
import type { Act } from '../../act.ts'
import type { Context } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { withExamples } from '../../help.ts'
import { LIST_COLUMNS, listRow } from '../../text/environment-text.ts'
import { tabbed, table } from '../../text/table.ts'
import { wholeNumber } from '../list.ts'

type Options = { name?: string; limit?: number }

const DEFAULT_LIMIT = 20

export function declareEnvList(env: Command, act: Act): void {
  const command = env
    .command('list')
    .description('lists environments, newest first')
    .option('--name <name>', 'only the versions of that name')
    .option('-n, --limit <n>', `so many (default: ${DEFAULT_LIMIT})`, wholeNumber)
    .action(act(list))
  withExamples(command, [
    ['trotline env list', ''],
    ['trotline env list --name ml -q', 'the ids of all its versions'],
  ])
}

async function list({ client, out }: Context, { name, limit = DEFAULT_LIMIT }: Options) {
  const { page, now } = await client.environments.list({ limit, ...(name === undefined ? {} : { name }) })
  if (out.json) await out.answerLine(page)
  else if (out.quiet) await out.answer(page.items.map(({ id }) => `${id}\n`).join(''))
  else {
    const rows = page.items.map(one => listRow(one, now))
    await out.answer(
      out.answerIsTerminal ? table(LIST_COLUMNS, rows, out.width(), out.answerStyle) : tabbed(LIST_COLUMNS, rows),
    )
    if (page.items.length === 0) out.say('There is none yet: trotline env create environment.yml --partition PARTITION')
    else if (page.nextCursor !== null) out.say(`There are more: trotline env list --limit ${limit * 2}`)
  }
  return EXIT.done
}
