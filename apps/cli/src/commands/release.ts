// trotline release: a held job tries its stage again.
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { withExamples } from '../help.ts'
import { nextText } from '../text/ending-text.ts'

export function declareRelease(program: Command, act: Act): void {
  const command = program
    .command('release')
    .description('lets a held job go on from where it waits')
    .argument('<JOB>', 'id, name, beginning of an id, or last')
    .action(act(release))
  withExamples(command, [
    ['trotline release k3v9', ''],
    ['trotline release k3v9 && trotline wait k3v9', 'and see it through'],
  ])
}

async function release(context: Context, wanted: string) {
  const { client, out } = context
  const job = await client.release(await findJob(context, wanted))
  if (out.json) await out.answerLine(job)
  else if (out.answerIsTerminal) await out.answer(`Released  ${job.id}  ${job.name}  (${job.state})\n`)
  else if (!out.quiet) await out.answer(`${job.id}\n`)
  out.say(nextText([`trotline wait ${job.id}`], out.sayStyle))
  return EXIT.done
}
