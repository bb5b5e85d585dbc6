// trotline env lock: every package with its hashes, in the form that another tool reads.
import { type Command, InvalidArgumentError } from 'commander'
import type { Act } from '../../act.ts'
import { LOCK_FORMATS, type LockFormat } from '../../api/environment-calls.ts'
import type { Context } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { withExamples } from '../../help.ts'
import { withEnvironment } from './argument.ts'

export function declareLock(env: Command, act: Act): void {
  const command = withEnvironment(env.command('lock'))
    .description('prints the lock')
    .option('--format <format>', `${LOCK_FORMATS.join(', ')} (default: trotline)`, formatOf)
    .action(act(lock))
  withExamples(command, [
    ['trotline env lock ml@3 | sha256sum', 'is its id'],
    ['trotline env lock ml@3 --format explicit > ml.txt', 'then conda create --name ml --file ml.txt'],
    ['trotline env lock ml@3 --format pixi > pixi.lock', ''],
  ])
}

function formatOf(text: string): LockFormat {
  const format = LOCK_FORMATS.find(one => one === text)
  if (format === undefined) throw new InvalidArgumentError(`It is one of ${LOCK_FORMATS.join(', ')}.`)
  return format
}

async function lock({ client, out }: Context, wanted: string, { format = 'trotline' }: { format?: LockFormat }) {
  const { text, lacks } = await client.environments.lock(wanted, format)
  if (out.json) await out.answerLine({ format, text, lacks })
  // To the byte: what is added here would change its hash.
  else await out.answer(text)
  for (const sentence of lacks) out.say(`note  ${sentence}`)
  return EXIT.done
}
