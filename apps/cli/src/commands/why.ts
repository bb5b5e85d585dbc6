// trotline why: why jobs are where they are, in words: the sentence, the history, the lines it was concluded from, the thing to do.
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { eachJob } from '../each-job.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { tabbed, tabbedRows } from '../text/table.ts'
import { whyRows, whyText } from '../text/why-text.ts'

export function declareWhy(program: Command, act: Act): void {
  const command = program
    .command('why')
    .description('says why jobs wait, run, are held or have failed, with the evidence')
    .argument('<JOB...>', 'ids, names, beginnings of ids, or last')
    .action(act(why))
  withExamples(command, [
    ['trotline why last', 'the newest job'],
    ['trotline why k3v9 --json', 'with the times of each piece of evidence'],
  ])
}

/** Into a pipe several are one table, each of its rows with the job that it is about. */
async function why(context: Context, wanted: string[]): Promise<ExitCode> {
  const { client, out } = context
  const several = wanted.length > 1
  const columns = [...(several ? ['ID'] : []), 'FIELD', 'VALUE'].map(title => ({ title }))
  const piped = !out.json && !out.quiet && !out.answerIsTerminal
  if (piped && several) await out.answer(tabbed(columns, []))
  let first = true
  return eachJob(context, wanted, null, async id => {
    const told = await client.why(id)
    if (out.json) await out.answerLine(told)
    else if (piped) {
      const rows = whyRows(told)
      await out.answer(several ? tabbedRows(rows.map(row => [id, ...row])) : tabbed(columns, rows))
    } else if (!out.quiet) {
      const head = several ? `${first ? '' : '\n'}${out.answerStyle.bold(id)}\n` : ''
      await out.answer(`${head}${whyText(told, out.answerStyle, out.width()).join('\n')}\n`)
    }
    first = false
    return EXIT.done
  })
}
