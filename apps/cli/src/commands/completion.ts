// trotline completion: the script that makes a shell complete commands, flags, jobs and names.
import { Argument, type Command } from 'commander'
import type { Act } from '../act.ts'
import { LOADING, SCRIPTS, SHELLS, type Shell } from '../completion/scripts.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { withExamples } from '../help.ts'

export function declareCompletion(program: Command, act: Act): void {
  const command = program
    .command('completion')
    .description('prints what makes your shell complete commands, jobs, clusters and environments')
    .addArgument(new Argument('<SHELL>', SHELLS.join(', ')).choices(SHELLS))
    .action(act(completion))
  withExamples(
    command,
    SHELLS.map(shell => [`trotline completion ${shell}`, LOADING[shell]] as const),
  )
}

async function completion({ out }: Context, shell: Shell) {
  await (out.json ? out.answerLine({ shell, script: SCRIPTS[shell] }) : out.answer(SCRIPTS[shell]))
  if (out.answerIsTerminal) out.say(`To load it, ${LOADING[shell]}`)
  return EXIT.done
}
