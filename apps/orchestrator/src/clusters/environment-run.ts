// Programs that take longer than a question may: started on the login node in a session of their own, where they outlive the
// connection and this server, and followed by the files that they leave in the build directory:
//
//   <run>.claim  made exclusively: whoever comes second starts nothing
//   <run>.pid    `PID HOST`, of the leader of their process group
//   <run>.out    what they print; <run>.err: and complain of
//   <run>.rc     how they ended, written last; not there: they run, or were killed together with their shell
//
// Fixed text; values travel as arguments.
import type { Transport } from '@trotline/slurm'
import { OrchestratorError } from '../errors.ts'
import { readSmall } from './environment-directory.ts'

const MOST_OUTPUT_BYTES = 1_048_576
const SMALL = { timeLimitMs: 30_000, maxOutputBytes: 65_536, lane: 'submit' } as const

// The trap keeps the shell alive until it has said how its child ended; children get SIGTERM as usual (a trap that is not '' is
// reset for them, POSIX 2.14). In a script's background setsid execs in place, so its pid is the group's. Whoever starts it stays until
// it stands in its own session: what ends with the connection before that would end it, too.
const START = `
set -eu
umask 022
cd -- "$1"
named=$1/$2
run=$2
shift 2
if ! (set -C; : >"$run.claim") 2>/dev/null; then
  [ ! -e "$run.claim" ] || { echo known; exit 0; }
  (set -C; : >"$run.claim")
fi
setsid nohup sh -c '
  trap : TERM INT HUP
  run=$1
  shift
  echo "$$ $(uname -n)" >"$run.pid.new"
  mv -f -- "$run.pid.new" "$run.pid"
  "$@" </dev/null >"$run.out" 2>"$run.err"
  echo $? >"$run.rc.new"
  mv -f -- "$run.rc.new" "$run.rc"
' "$named" "$run" "$@" </dev/null >/dev/null 2>&1 &
tries=0
while [ ! -e "$run.pid" ] && [ "$tries" -lt 50 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
echo started
`

/** Starts the program at most once under this name, however often it is called. @throws OrchestratorError DIRECTORY_REFUSED, SlurmError SSH_* */
export async function startRun(
  transport: Transport,
  directory: string,
  run: string,
  program: readonly string[],
): Promise<'started' | 'known'> {
  const argv = ['sh', '-c', START, 'start-environment', directory, run, ...program]
  const { exitCode, stdout, stderr } = await transport.exec(argv, SMALL)
  const answer = stdout.trim()
  if (exitCode === 0 && (answer === 'started' || answer === 'known')) return answer
  const why = stderr.trim().split('\n')[0] ?? ''
  throw new OrchestratorError('DIRECTORY_REFUSED', `A program could not be started in ${directory}: ${why}`)
}

/** null: it has not ended, as far as its files tell. */
export async function endOf(
  transport: Transport,
  directory: string,
  run: string,
): Promise<{ code: number; out: string; err: string } | null> {
  const rc = await readSmall(transport, `${directory}/${run}.rc`)
  if (rc === null || !/^\d{1,3}\n$/.test(rc)) return null
  const [out, err] = await Promise.all([
    readSmall(transport, `${directory}/${run}.out`, MOST_OUTPUT_BYTES),
    tailOf(transport, `${directory}/${run}.err`),
  ])
  return { code: Number(rc), out: out ?? '', err }
}

const TAIL_BYTES = 1_000

async function tailOf(transport: Transport, path: string): Promise<string> {
  const size = (await transport.readAt(path, 0, 0))?.sizeBytes ?? 0
  const slice = await transport.readAt(path, Math.max(0, size - TAIL_BYTES), TAIL_BYTES)
  return new TextDecoder().decode(slice?.bytes ?? new Uint8Array()).trim()
}

// Login nodes may be several behind one name: a process of another one is nobody's to judge by its number. One that has gone is asked for
// its exit code once more: it may have left it, and gone, between the first question and the last.
const ALIVE = `
cd -- "$1" 2>/dev/null || { echo gone; exit 0; }
[ -e "$2.rc" ] && { echo ended; exit 0; }
read -r pid host <"$2.pid" 2>/dev/null || { [ -e "$2.claim" ] && echo unknown || echo gone; exit 0; }
[ "$host" = "$(uname -n)" ] || { echo elsewhere; exit 0; }
case $pid in ''|*[!0-9]*) echo unknown; exit 0;; esac
if kill -s 0 -- "-$pid" 2>/dev/null && tr '\\0' '\\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -F -x -- "$1/$2"; then echo alive
elif [ -e "$2.rc" ]; then echo ended
else echo gone; fi
`

/**
 * Does it run still? `ended`: it has left its exit code. `elsewhere`: it was started on another login node. `unknown`: it was
 * about to be started, and no more is known. `gone`: its group has left without a word, or was never started.
 */
export type Alive = 'alive' | 'ended' | 'gone' | 'elsewhere' | 'unknown'

export async function aliveRun(transport: Transport, directory: string, run: string): Promise<Alive> {
  const argv = ['sh', '-c', ALIVE, 'alive-environment', directory, run]
  const { stdout } = await transport.exec(argv, { ...SMALL, lane: 'query' })
  const answer = stdout.trim()
  return answer === 'alive' || answer === 'ended' || answer === 'gone' || answer === 'elsewhere' ? answer : 'unknown'
}

// The leader's command line names the run: a number that the system has given out anew is not shot at.
const STOP = `
cd -- "$1" 2>/dev/null || exit 0
read -r pid host <"$2.pid" 2>/dev/null || exit 0
[ "$host" = "$(uname -n)" ] || exit 0
case $pid in ''|*[!0-9]*) exit 0;; esac
tr '\\0' '\\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -F -x -- "$1/$2" || exit 0
kill -s "$3" -- "-$pid" 2>/dev/null || :
`

/** Harmless where it has ended. */
export async function stopRun(
  transport: Transport,
  directory: string,
  run: string,
  signal: 'TERM' | 'KILL',
): Promise<void> {
  await transport.exec(['sh', '-c', STOP, 'stop-environment', directory, run, signal], SMALL)
}
