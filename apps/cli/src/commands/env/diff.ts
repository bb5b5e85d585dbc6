// trotline env diff: what was added, removed and changed, and what that means for CUDA.
import type { Command } from 'commander'
import type { Act } from '../../act.ts'
import type { Context } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { withExamples } from '../../help.ts'

export function declareDiff(env: Command, act: Act): void {
  const command = env
    .command('diff')
    .description('tells what changed between two environments, in words')
    .argument('<ENV>', 'the one before')
    .argument('<OTHER>', 'the one after')
    .action(act(diff))
  withExamples(command, [
    ['trotline env diff ml@2 ml@3', ''],
    ['trotline env diff ml@3 9f86d081', 'by the beginning of an id'],
  ])
}

async function diff({ client, out }: Context, from: string, to: string) {
  const answer = await client.environments.diff(from, to)
  if (out.json) await out.answerLine(answer)
  else if (!out.quiet) await out.answer(answer.text.endsWith('\n') ? answer.text : `${answer.text}\n`)
  return EXIT.done
}
