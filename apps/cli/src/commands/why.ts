// trotline why: why a job is where it is, in words: the sentence, the history, the lines it was concluded from, the thing to do.
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { withExamples } from '../help.ts'
import { tabbed } from '../text/table.ts'
import { whyRows, whyText } from '../text/why-text.ts'

export function declareWhy(program: Command, act: Act): void {
  const command = program
    .command('why')
    .description('says why a job waits, runs, is held or has failed, with the evidence')
    .argument('<JOB>', 'id, name, beginning of an id, or last')
    .action(act(why))
  withExamples(command, [
    ['trotline why last', 'the newest job'],
    ['trotline why k3v9 --json', 'with the times of each piece of evidence'],
  ])
}

async function why(context: Context, wanted: string) {
  const { client, out } = context
  const told = await client.why(await findJob(context, wanted))
  if (out.json) await out.answerLine(told)
  else if (out.quiet) return EXIT.done
  else if (out.answerIsTerminal) await out.answer(`${whyText(told, out.answerStyle, out.width()).join('\n')}\n`)
  else await out.answer(tabbed([{ title: 'FIELD' }, { title: 'VALUE' }], whyRows(told)))
  return EXIT.done
}
