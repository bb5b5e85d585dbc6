// trotline release: held jobs try their stage again.
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { eachJob } from '../each-job.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { nextText } from '../text/ending-text.ts'

export function declareRelease(program: Command, act: Act): void {
  const command = program
    .command('release')
    .description('lets held jobs go on from where they wait')
    .argument('<JOB...>', 'ids, names, beginnings of ids, or last')
    .action(act(release))
  withExamples(command, [
    ['trotline release k3v9', ''],
    ['trotline release k3v9 && trotline wait k3v9', 'and see it through'],
    ['trotline release $(trotline list -q --state held)', 'all that are held'],
  ])
}

async function release(context: Context, wanted: string[]): Promise<ExitCode> {
  const { client, out } = context
  const released: string[] = []
  const exit = await eachJob(context, wanted, 'Not released', async id => {
    const job = await client.release(id)
    released.push(id)
    if (out.json) await out.answerLine(job)
    else if (out.answerIsTerminal && !out.quiet) await out.answer(`Released  ${job.id}  ${job.name}  (${job.state})\n`)
    else if (!out.quiet) await out.answer(`${job.id}\n`)
    return EXIT.done
  })
  if (released.length > 0 && !out.json)
    out.say(nextText([`trotline wait ${released.slice(0, 8).join(' ')}`], out.sayStyle))
  return exit
}
