// How long a server's event loop is held up, asked from outside: what is loaded into it before it starts, and the question.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface HeldUp {
  /** The longest time in which nothing else could run, in milliseconds, less what the thread waited for a processor. */
  blockedMs: number
  /** The longest of those waits: the machine's doing. */
  waitedMs: number
}

const EVERY_MS = 5
const ANSWER_LIMIT_MS = 10_000

/** For `node --import`. The second figure of schedstat is how long a thread was ready to run and did not, in ns (Linux, Documentation/scheduler). */
export const loopWatcher = (answerFile: string): string =>
  `data:text/javascript,${encodeURIComponent(`
    import { readFileSync, renameSync, writeFileSync } from 'node:fs'
    import { isMainThread } from 'node:worker_threads'
    if (isMainThread) {
      const waitedSoFar = () => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6
      let [last, before] = [performance.now(), waitedSoFar()]
      let [blockedMs, waitedMs] = [0, 0]
      const look = () => {
        const [now, waited] = [performance.now(), waitedSoFar()]
        blockedMs = Math.max(blockedMs, now - last - ${EVERY_MS} - (waited - before))
        waitedMs = Math.max(waitedMs, waited - before)
        last = now
        before = waited
      }
      setInterval(look, ${EVERY_MS}).unref()
      const answer = ${JSON.stringify(answerFile)}
      process.on('SIGUSR2', () => {
        look()
        writeFileSync(answer + '.new', JSON.stringify({ blockedMs, waitedMs }))
        renameSync(answer + '.new', answer)
        blockedMs = waitedMs = 0
      })
    }`)}`

/** Since the question before. */
export async function heldUp(pid: number, answerFile: string): Promise<HeldUp> {
  rmSync(answerFile, { force: true })
  process.kill(pid, 'SIGUSR2')
  for (const end = performance.now() + ANSWER_LIMIT_MS; !existsSync(answerFile); await sleep(10))
    if (performance.now() > end) throw new Error('the server does not say how long its event loop was held up')
  return JSON.parse(readFileSync(answerFile, 'utf8')) as HeldUp
}
