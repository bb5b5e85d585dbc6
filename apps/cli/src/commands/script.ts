// trotline script: the sbatch script as it was submitted.
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { withExamples } from '../help.ts'

export function declareScript(program: Command, act: Act): void {
  const command = program
    .command('script')
    .description('prints the sbatch script of a job')
    .argument('<JOB>', 'id, name, beginning of an id, or last')
    .action(act(script))
  withExamples(command, [
    ['trotline script last', ''],
    ['trotline script auto-mpg > auto-mpg.sh', ''],
  ])
}

async function script(context: Context, wanted: string) {
  const { client, out } = context
  const text = await client.script(await findJob(context, wanted))
  await (out.json ? out.answerLine({ script: text }) : out.answer(text.endsWith('\n') ? text : `${text}\n`))
  return EXIT.done
}
