// Follows one job to its end, or until it waits for a person. The record (GET) says what is true, the event stream says
// when to look; a lost connection is resumed after the last number seen, so that nothing is missed or told twice.
import { type Epoch, isTerminal, type Job, type JobEvent } from '@trotline/contracts'
import { createPatience } from '../api/patience.ts'
import type { Context } from '../context.ts'
import { CliError, isTransient } from '../errors.ts'
import { isBuilt } from '../text/environment-text.ts'
import { createEpochTrack, type EpochTrack } from './epoch-track.ts'
import type { Reporter } from './reporter.ts'

const EPOCH_PAGE = 1000
/** While it waits in the queue nothing is sent, but Slurm's reason may change. */
const REFRESH_PENDING_MS = 10_000
const ENVIRONMENT_MS = 1_500

export const isOver = (job: Job): boolean => isTerminal(job.state) || job.hold !== null

/**
 * Resolves with the job once it is over or held.
 *
 * @throws CliError COULD_NOT_ASK when the connection stayed away for the whole patience; INTERRUPTED when `signal` ends it.
 */
export async function follow(
  context: Pick<Context, 'client' | 'patienceMs'>,
  start: Job,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Job> {
  const { client, patienceMs } = context
  const track = createEpochTrack()
  const patience = createPatience({
    patienceMs,
    signal,
    onTry: (attempt, error, leftMs) => reporter.lost(attempt, error, leftMs),
  })
  const cameBack = () => {
    const awayMs = patience.answered()
    if (awayMs !== null) reporter.back(awayMs)
  }
  let job = start
  let seq: number | null = null
  let first = true
  reporter.snapshot(job, track)
  const timer = setInterval(() => {
    if (job.state !== 'pending') return
    client.job(job.id).then(
      fresh => {
        if (fresh.revision > job.revision) job = fresh
        reporter.snapshot(job, track)
      },
      () => {}, // The stream finds out by itself, and says so.
    )
  }, REFRESH_PENDING_MS)
  timer.unref()
  const environment = watchEnvironment(client, () => job, reporter)
  try {
    for (;;) {
      try {
        if (!first) job = await client.job(job.id)
        first = false
        await catchUp(client, job, track)
        reporter.snapshot(job, track)
        if (job.hold !== null) return job
        for await (const item of client.events(job.id, seq, signal)) {
          cameBack()
          if (item === 'alive' || (seq !== null && item.seq <= seq)) continue
          seq = item.event.type === 'reset' ? item.event.seq : item.seq
          // The server replays what lies before the record that was read first: that is history, not news.
          const told = Date.parse(item.event.at) > Date.parse(start.updatedAt)
          if (ends(item.event) || (told && asksForRecord(item.event))) job = await client.job(job.id)
          if (item.event.type === 'epochs') await takeEpochs(client, job, item.event, track)
          reporter.event(item.event, { job, track, told, seq: item.seq })
          // The record may be ahead of the events that are still on their way: they are all told before the end.
          if (ends(item.event) && isOver(job)) return job
        }
        if (isTerminal(job.state)) return job
        throw new CliError('COULD_NOT_ASK', 'the server closed the connection')
      } catch (error) {
        if (signal.aborted || !isTransient(error)) throw error
        if (isTerminal(job.state)) return job
        await patience.again(error)
      }
    }
  } finally {
    clearInterval(timer)
    clearInterval(environment)
    reporter.end()
  }
}

/** Before it is submitted a job may wait for its environment: no fault, and nothing that its own events tell. */
function watchEnvironment(client: Context['client'], job: () => Job, reporter: Reporter): NodeJS.Timeout | undefined {
  if (job().environment === null) return undefined
  let over = false
  const look = (): void => {
    const { environment, cluster, state } = job()
    if (over || environment === null || (state !== 'accepted' && state !== 'prepared')) return
    client.environments.on(environment.lock, cluster).then(
      one => {
        if (over) return
        over = isBuilt(one)
        reporter.environment(one)
      },
      () => {}, // Nobody has asked for it there yet, or the stream finds out by itself.
    )
  }
  look()
  return setInterval(look, ENVIRONMENT_MS).unref()
}

const ends = (event: JobEvent): boolean =>
  event.type === 'held' || event.type === 'reset' || (event.type === 'state' && isTerminal(event.to))

// States, holds and runs change what the record says; epochs and notes carry all that is shown of them.
const asksForRecord = (event: JobEvent): boolean =>
  ['state', 'released', 'cancel-requested', 'run', 'trying'].includes(event.type)

async function takeEpochs(
  client: Context['client'],
  job: Job,
  event: Extract<JobEvent, { type: 'epochs' }>,
  track: EpochTrack,
): Promise<void> {
  const seen = track.last()
  const follows = seen === null ? event.first === 0 : event.first <= seen.epoch + 1
  if (event.count === 1 && follows) track.add([event.last])
  else if (seen === null || event.last.epoch > seen.epoch || event.last.attempt > seen.attempt) {
    await catchUp(client, job, track, event)
  }
}

/** Reads the epochs that are not known yet, so that "best" is the best of all and not of those that were announced. */
async function catchUp(
  client: Context['client'],
  job: Job,
  track: EpochTrack,
  event?: { first: number; last: Epoch },
): Promise<void> {
  if (event === undefined && job.progress.epochs === 0) return
  const seen = track.last()
  const again = event !== undefined && seen !== null && event.last.attempt > seen.attempt
  const known = track.knownTo()
  let after: number | null = again ? event.first - 1 : known
  for (;;) {
    const page = await client.epochs(job.id, {
      limit: EPOCH_PAGE,
      ...(after === null || after < 0 ? {} : { after }),
    })
    track.add(page.items)
    if (page.next === null || page.items.length === 0) break
    after = page.next
  }
  if (event !== undefined) track.add([event.last])
}
