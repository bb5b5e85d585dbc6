// A search through a file where it lies, with grep: one command, bounded in time, memory and output, whatever the file holds.
import { type LogMatch, type LogSearch, SEARCH_LINE_BYTES } from '@trotline/contracts'
import type { CommandResult, Transport } from '@trotline/slurm'
import { z } from 'zod'
import { OrchestratorError } from '../errors.ts'

/** grep gets this long; what is around it a little more. */
const LIMIT_SECONDS = 8
const COMMAND_LIMIT_MS = 12_000
/** A line is held whole by grep; a file without line ends would be held whole. */
const MEMORY_KIB = 524_288

/** `<offset>:` in front of the line, and one byte more, by which a line that goes on is known. */
const SHOWN_BYTES = SEARCH_LINE_BYTES + 17

export const LogSearchWanted = z.strictObject({
  path: z.string(),
  pattern: z.string(),
  regex: z.boolean(),
  ignoreCase: z.boolean(),
  limit: z.int().min(1),
})
export type LogSearchWanted = z.infer<typeof LogSearchWanted>

export type LogSearched =
  | ({ kind: 'searched' } & Omit<LogSearch, 'attempt'>)
  /** No such file (yet). */
  | { kind: 'absent' }
  /** grep does not understand the pattern; its own words. */
  | { kind: 'refused'; detail: string }

// Nothing of the user's stands in the script: the pattern is an argument behind -e, which grep takes for nothing else. Options of GNU grep 2.20
// and older only. sed shows the first lines and counts them all ($= is the number of the last). The answer is base64 because a log may hold
// any bytes, and stands behind a mark because a login script may print.
const SCRIPT = `
export LC_ALL=C
unset GREP_OPTIONS GREP_COLOR GREP_COLORS
file=$1 limit=$2
shift 2
printf '\\036answer\\036\\n'
[ -f "$file" ] || { echo 'search: absent' >&2; exit 0; }
echo "search: size $(wc -c < "$file")" >&2
{
  (ulimit -v ${MEMORY_KIB}; exec nice -n 10 timeout -k 1 ${LIMIT_SECONDS} grep -a -b "$@" -- "$file")
  echo "search: exit $?" >&2
} | cut -b 1-${SHOWN_BYTES} | sed -n "1,\${limit}p;\\$=" | base64
`
const MARK = '\x1eanswer\x1e\n'

export function searchCommand({ path, pattern, regex, ignoreCase, limit }: LogSearchWanted): string[] {
  const how = [regex ? '-E' : '-F', ...(ignoreCase ? ['-i'] : []), '-e', pattern]
  return ['sh', '-c', SCRIPT, 'search', path, String(limit), ...how]
}

/** @throws SlurmError SSH_*; OrchestratorError LOG_SEARCH_FAILED where the cluster's tools did not do it */
export async function searchLog(transport: Pick<Transport, 'exec'>, wanted: LogSearchWanted): Promise<LogSearched> {
  const result = await transport.exec(searchCommand(wanted), { lane: 'submit', timeLimitMs: COMMAND_LIMIT_MS })
  return searchedOf(result, wanted)
}

export function searchedOf({ stdout, stderr, durationMs }: CommandResult, wanted: LogSearchWanted): LogSearched {
  if (/^search: absent$/m.test(stderr)) return { kind: 'absent' }
  const bytes = Number(/^search: size +(\d+)$/m.exec(stderr)?.[1] ?? Number.NaN)
  const exit = Number(/^search: exit (\d+)$/m.exec(stderr)?.[1] ?? Number.NaN)
  const at = stdout.indexOf(MARK)
  const words = stderr.split('\n').filter(line => line !== '' && !line.startsWith('search: '))
  const ended = stoppedBy(exit, words)
  if (at === -1 || Number.isNaN(bytes) || Number.isNaN(exit) || (exit > 1 && ended === null)) {
    const detail = words.find(line => line.includes('grep: '))?.replace(/^.*grep: /, '') ?? 'it did not run'
    // grep's exit 2 of a file that it can open is about the pattern.
    if (exit === 2 && wanted.regex) return { kind: 'refused', detail }
    throw new OrchestratorError('LOG_SEARCH_FAILED', `grep on the cluster could not search the log: ${detail}`)
  }
  const lines = linesOf(Buffer.from(stdout.slice(at + MARK.length), 'base64'))
  const count = Number(lines.pop()?.toString('latin1') ?? 0)
  return {
    kind: 'searched',
    matches: lines.map(line => matchOf(line, wanted)),
    count,
    bytes,
    seconds: Math.round(durationMs) / 1000,
    complete: ended === null,
    stopped: ended,
  }
}

/** 124: timeout ended it; 137: it had to kill it. */
function stoppedBy(exit: number, words: readonly string[]): LogSearch['stopped'] {
  if (exit === 124 || exit === 137) return 'time'
  return exit > 1 && words.some(line => /memory|cannot allocate/i.test(line)) ? 'memory' : null
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return lines
}

function matchOf(line: Buffer, { pattern, regex, ignoreCase }: LogSearchWanted): LogMatch {
  const colon = line.indexOf(58)
  const offset = Number(line.subarray(0, colon).toString('latin1'))
  const whole = line.subarray(colon + 1)
  const cut = whole.length > SEARCH_LINE_BYTES
  const shown = cut ? whole.subarray(0, SEARCH_LINE_BYTES) : whole
  const column = regex ? -1 : folded(shown, ignoreCase).indexOf(folded(Buffer.from(pattern), ignoreCase))
  return { offset, column: column === -1 ? null : column, ...textOf(shown, cut), cut }
}

/** As grep -i does in the C locale: only the letters of ASCII have two cases. */
const folded = (bytes: Buffer, ignoreCase: boolean): string => {
  const text = bytes.toString('latin1')
  return ignoreCase ? text.replace(/[A-Z]+/g, letters => letters.toLowerCase()) : text
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A character that the cut went through is left out. */
function textOf(bytes: Buffer, cut: boolean): { text: string } | { base64: string } {
  for (let less = 0; less <= (cut ? 3 : 0); less++) {
    try {
      return { text: decoder.decode(bytes.subarray(0, bytes.length - less)) }
    } catch {
      // Not there.
    }
  }
  return { base64: bytes.toString('base64') }
}
