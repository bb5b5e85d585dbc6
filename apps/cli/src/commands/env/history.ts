// trotline env history: the versions of a name. A version never changes.
import type { Command } from 'commander'
import type { Act } from '../../act.ts'
import type { Context } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { withExamples } from '../../help.ts'
import { shortId } from '../../text/environment-text.ts'
import { localTime } from '../../text/local-time.ts'
import { type Column, tabbed, table } from '../../text/table.ts'

const COLUMNS: readonly Column[] = [{ title: 'VERSION' }, { title: 'ID' }, { title: 'SINCE' }, { title: 'BY' }]

export function declareHistory(env: Command, act: Act): void {
  const command = env
    .command('history')
    .description('lists the versions of a name, newest first')
    .argument('<NAME>', 'without a version')
    .action(act(history))
  withExamples(command, [['trotline env history ml', '']])
}

async function history({ client, out }: Context, name: string) {
  const answer = await client.environments.history(name)
  if (out.json) await out.answerLine(answer)
  else if (out.quiet) await out.answer(answer.versions.map(({ lock }) => `${lock}\n`).join(''))
  else {
    const rows = answer.versions.map(({ version, lock, at, by }) => [
      `${answer.name}@${version}`,
      { text: shortId(lock), full: lock },
      { text: localTime(at), full: at },
      by,
    ])
    await out.answer(out.answerIsTerminal ? table(COLUMNS, rows, out.width(), out.answerStyle) : tabbed(COLUMNS, rows))
  }
  return EXIT.done
}
