// trotline env log: what the installer said while it made an environment, byte for byte.
import { type Command, InvalidArgumentError } from 'commander'
import type { Act } from '../../act.ts'
import { createPatience } from '../../api/patience.ts'
import { pause } from '../../api/pause.ts'
import type { Context } from '../../context.ts'
import { CliError, isTransient } from '../../errors.ts'
import { EXIT, type ExitCode, exitOfBuild } from '../../exit-codes.ts'
import { findCluster } from '../../find-cluster.ts'
import { withExamples } from '../../help.ts'
import { CHUNK_BYTES, startOfLast } from '../../logs/log-tail.ts'
import { createLogWriter } from '../../logs/log-writer.ts'
import { isBuilt } from '../../text/environment-text.ts'
import { wholeNumber } from '../list.ts'
import { type OnCluster, withCluster, withEnvironment } from './argument.ts'

const POLL_MS = 1000
/** Enough for the last lines of an installer; `-n all` has the whole. */
const TAIL_BYTES = 262_144
const DEFAULT_LINES = 200

type Options = OnCluster & { follow?: boolean; lines?: number | 'all' }

export function declareLog(env: Command, act: Act): void {
  const command = withCluster(withEnvironment(env.command('log')))
    .description('prints the log of its making')
    .option('-f, --follow', 'go on until it is made; the exit code tells how')
    .option(
      '-n, --lines <n>',
      `the last n lines, or all (default: ${DEFAULT_LINES} on a terminal or with --follow, else all)`,
      text => (text === 'all' ? 'all' : countOf(text)),
    )
    .action(act(log))
  withExamples(command, [
    ['trotline env log ml@3 --follow', ''],
    ['trotline env log ml@3 -n all > build.log', ''],
  ])
}

function countOf(text: string): number {
  if (text === '0') throw new InvalidArgumentError('It is a number of lines, or all.')
  return wholeNumber(text)
}

async function log(context: Context, wanted: string, options: Options): Promise<ExitCode> {
  const { client, out, interrupt, patienceMs } = context
  const cluster = await findCluster(context, options.cluster)
  const follows = options.follow === true
  const lines = options.lines ?? (out.answerIsTerminal || follows ? DEFAULT_LINES : 'all')
  const again = `trotline env log ${wanted} --cluster ${cluster} --follow`
  const writer = createLogWriter(out)
  let offset = 0
  if (lines !== 'all') {
    const tail = await client.environments.log(wanted, cluster, { tail: TAIL_BYTES })
    const start = startOfLast(tail.bytes, lines) ?? 0
    if (tail.offset + start > 0) out.say(out.sayStyle.dim(`${out.sayStyle.dots} the whole of it: -n all`))
    await writer.write({ bytes: tail.bytes.subarray(start), next: tail.next, run: null })
    offset = tail.next
  }
  /** Up to where it stood when it was asked. */
  const rest = async (): Promise<void> => {
    for (;;) {
      const chunk = await client.environments.log(wanted, cluster, { offset, limit: CHUNK_BYTES })
      // The log of a further try begins anew.
      if (chunk.size < offset) {
        offset = 0
        continue
      }
      if (chunk.bytes.length === 0) return
      await writer.write({ ...chunk, run: null })
      offset = chunk.next
      if (offset >= chunk.size) return
    }
  }
  if (!follows) {
    if (lines === 'all') await rest()
    await writer.flush()
    return EXIT.done
  }
  const style = out.sayStyle
  const patience = createPatience({
    patienceMs,
    signal: interrupt,
    onTry: (attempt, error) => {
      if (attempt === 1) out.say(style.warn(`${error.problem?.title ?? error.message} Trying again ${style.dots}`))
    },
  })
  try {
    for (;;) {
      try {
        // Asked before the log is read: what was written up to the end is read after it.
        const one = await client.environments.on(wanted, cluster)
        await rest()
        patience.answered()
        if (isBuilt(one)) {
          await writer.flush()
          if (out.json) await out.answerLine(one)
          else out.say(`${one.state}  ${one.detail}`.trimEnd())
          return exitOfBuild(one)
        }
      } catch (error) {
        if (!isTransient(error)) throw error
        await patience.again(error)
        continue
      }
      await pause(POLL_MS, interrupt)
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    if (interrupt.aborted) throw new CliError('INTERRUPTED', `Stopped following. It goes on there: ${again}`)
    throw error.transient ? error.with({ fix: [again] }) : error
  }
}
