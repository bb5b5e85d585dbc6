// The lines of a log that match, found on the cluster: like grep, with where each begins; how far was searched is said, never guessed.
import type { LogMatch } from '@trotline/contracts'
import type { LogQuery } from '../api/client.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { bytes, count } from '../text/figures.ts'

type Options = {
  grep: string
  regex?: boolean
  ignoreCase?: boolean
  lines?: number | 'all'
  follow?: boolean
  sinceByte?: number
  raw?: boolean
}

export async function searchLog(
  { client, out }: Context,
  id: string,
  query: Pick<LogQuery, 'stream' | 'attempt'>,
  options: Options,
): Promise<ExitCode> {
  if (options.follow === true || options.sinceByte !== undefined)
    throw new CliError('USAGE', '--grep searches what is there; it goes with neither --follow nor --since-byte.', {
      fix: [`trotline logs ${id} --follow | grep --line-buffered TEXT`],
    })
  const flag = (on: boolean | undefined) => (on === true ? 'true' : 'false')
  const found = await client.searchLog(id, {
    ...query,
    grep: options.grep,
    regex: flag(options.regex),
    ignoreCase: flag(options.ignoreCase),
    ...(typeof options.lines === 'number' && options.lines > 0 ? { limit: options.lines } : {}),
  })
  if (out.json) await out.answerLine(found)
  else for (const match of found.matches) await out.answerBytes(lineOf(match), options.raw)
  const shown = found.matches.length
  const all = `${count(found.count, 'line')} ${found.count === 1 ? 'matches' : 'match'}`
  const part = shown < found.count ? `, the first ${shown} shown` : ''
  const until = found.complete
    ? ''
    : `; the search was ended at its limit of ${found.stopped ?? 'time'}, there may be more`
  out.say(out.sayStyle.dim(`${all}${part}; ${bytes(found.bytes)} searched in ${found.seconds.toFixed(1)} s${until}`))
  return found.count === 0 && found.complete ? EXIT.absent : EXIT.done
}

/** As it stands in the file. */
const lineOf = ({ text, base64, cut }: LogMatch): Uint8Array =>
  Buffer.concat([
    base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64'),
    Buffer.from(cut ? ' …\n' : '\n'),
  ])
