// trotline logs: what the job wrote, byte for byte; with --follow across attempts until it ends.
import { type Command, InvalidArgumentError } from 'commander'
import type { Act } from '../act.ts'
import type { LogQuery } from '../api/client.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode, exitOfJob } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { withExamples } from '../help.ts'
import { followLogs } from '../logs/follow-logs.ts'
import { CHUNK_BYTES, lastLines } from '../logs/log-tail.ts'
import { createLogWriter, type LogWriter } from '../logs/log-writer.ts'
import { searchLog } from '../logs/search-log.ts'
import type { LogPosition } from '../logs/told-log.ts'
import { endingText } from '../text/ending-text.ts'
import { bytes, count } from '../text/figures.ts'
import { wholeNumber } from './list.ts'

const DEFAULT_LINES = 200

type Options = {
  follow?: boolean
  lines?: number | 'all'
  stderr?: boolean
  attempt?: number
  sinceByte?: number
  grep?: string
  regex?: boolean
  ignoreCase?: boolean
  raw?: boolean
}

export function declareLogs(program: Command, act: Act): void {
  const command = program
    .command('logs')
    .description("prints a job's log")
    .argument('<JOB>', 'id, name, beginning of an id, or last')
    .option('-f, --follow', 'go on until the job ends; the exit code tells how')
    .option(
      '-n, --lines <n>',
      `the last n lines, or all (default: ${DEFAULT_LINES} on a terminal or with --follow, else all)`,
      lineCount,
    )
    .option('--stderr', 'its stderr instead of its stdout')
    .option('--attempt <n>', 'of this attempt only (default: the newest)', wholeNumber)
    .option('--since-byte <n>', 'from this byte on', byteOffset)
    .option('--grep <text>', 'only lines with this text; searched on the cluster (exit 3: there is none)')
    .option('-E, --regex', 'with --grep: it is an extended regular expression')
    .option('-i, --ignore-case', 'with --grep')
    .option('--raw', 'on a terminal, too, every byte as it is: also what moves the cursor or sets the title')
    .action(act(logs))
  withExamples(command, [
    ['trotline logs last --follow', ''],
    ['trotline logs k3v9 --stderr -n 50 --raw', 'progress bars and all, as it was written'],
    ['trotline logs last --grep Error -i', 'where does it say so?'],
    ['trotline logs k3v9 > k3v9.log', 'all of it, byte for byte'],
  ])
}

const lineCount = (text: string): number | 'all' => (text === 'all' ? 'all' : text === '0' ? 0 : wholeNumber(text))

function byteOffset(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('It is a number of bytes.')
  return Number(text)
}

async function logs(context: Context, wanted: string, options: Options): Promise<ExitCode> {
  const { client, out, interrupt } = context
  if (options.raw === true && out.json)
    throw new CliError('USAGE', 'Either --raw or --json, which has text, and base64 where bytes are no text.')
  const job = await client.job(await findJob(context, wanted))
  const query = { stream: options.stderr === true ? 'stderr' : 'stdout', attempt: options.attempt } as const
  if (options.attempt !== undefined && !job.runs.some(run => run.attempt === options.attempt)) {
    throw new CliError(
      'USAGE',
      `${job.id} has no attempt ${options.attempt}; it has ${count(job.runs.length, 'attempt')}.`,
    )
  }
  if (options.grep !== undefined) return searchLog(context, job.id, query, { ...options, grep: options.grep })
  if (options.regex === true || options.ignoreCase === true) throw new CliError('USAGE', 'That goes with --grep alone.')
  const writer = createLogWriter(out, options.raw)
  const position: LogPosition = { run: null, attempt: null, offset: options.sinceByte ?? 0 }
  const lines = options.lines ?? (out.answerIsTerminal || options.follow === true ? DEFAULT_LINES : 'all')
  if (options.follow !== true) {
    await (options.sinceByte === undefined && lines !== 'all'
      ? writeTail(context, job.id, query, lines, position, writer)
      : writeAll(context, job.id, query, position, writer))
    if (position.run === null)
      out.say(`No run has begun yet: ${job.name} is ${job.state}. Next: trotline logs ${job.id} --follow`)
    return EXIT.done
  }
  try {
    if (options.sinceByte === undefined && lines !== 'all') {
      await writeTail(context, job.id, query, lines, position, writer).catch(error => {
        // The cluster cannot be asked now: following begins at the first byte and tries again by itself.
        if (!(error instanceof CliError) || error.problem?.status !== 503) throw error
      })
    }
    const ended = await followLogs(context, job, query, position, writer)
    if (!out.json) out.say(`\n${endingText(ended, out.sayStyle)}`)
    return exitOfJob(ended)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    const stderr = options.stderr === true ? ' --stderr' : ''
    const attempt = options.attempt === undefined ? '' : ` --attempt ${options.attempt}`
    const again = `trotline logs ${job.id} --follow${stderr}${attempt} --since-byte ${position.offset}`
    if (interrupt.aborted) throw new CliError('INTERRUPTED', `Stopped following. The job goes on: ${again}`)
    throw error.transient ? error.with({ fix: [again] }) : error
  }
}

type Query = Pick<LogQuery, 'stream' | 'attempt'>

async function writeTail(
  { client, out }: Context,
  id: string,
  query: Query,
  lines: number,
  position: LogPosition,
  writer: LogWriter,
): Promise<void> {
  const tail = await lastLines(client, id, query, lines)
  if (tail.offset > 0 && tail.bytes.length > 0) {
    out.say(
      out.sayStyle.dim(`${out.sayStyle.dots} ${bytes(tail.offset)} before this; all of it: trotline logs ${id} -n all`),
    )
  }
  position.run = tail.run
  position.offset = tail.next
  if (tail.bytes.length > 0) await writer.write(tail)
  // Only following goes on from here; a cut character has no rest to wait for otherwise.
}

/** Up to where the log stood when the last piece was asked for. */
async function writeAll(
  { client }: Context,
  id: string,
  query: Query,
  position: LogPosition,
  writer: LogWriter,
): Promise<void> {
  for (;;) {
    const chunk = await client.logs(id, { ...query, offset: position.offset, limit: CHUNK_BYTES })
    if (position.run !== null && chunk.run !== position.run) break
    position.run = chunk.run
    if (chunk.bytes.length === 0) break
    await writer.write(chunk)
    position.offset = chunk.next
    if (chunk.next >= chunk.size) break
  }
  await writer.flush()
}
