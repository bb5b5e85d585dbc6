// trotline epochs --watch: the curve as it grows, until the job ends. On a terminal it is drawn over itself; into a pipe each epoch is a row.
import { type Epoch, isTerminal } from '@trotline/contracts'
import type { Client } from '../api/client.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { type ExitCode, exitOfJob } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import { endingText } from '../text/ending-text.ts'
import { isOver } from './follow.ts'
import { jobChanges } from './job-changes.ts'
import { patiently } from './patiently.ts'

export type EpochView = {
  /** Of the metrics that the epochs have, those that are shown. @throws CliError USAGE where they have not what was asked for */
  names(items: readonly Epoch[]): readonly string[]
  /** With those values alone. */
  object(epoch: Epoch): Epoch
  head(names: readonly string[]): string
  row(epoch: Epoch, names: readonly string[]): string
  whole(items: readonly Epoch[], out: Output): string
}

const PAGE = 1000

export const namesIn = (items: readonly Epoch[]): string[] => [
  ...new Set(items.flatMap(epoch => Object.keys(epoch.values))),
]

/** @param after an epoch; null: all of them */
export async function epochsAfter(client: Pick<Client, 'epochs'>, id: string, after: number | null): Promise<Epoch[]> {
  const items: Epoch[] = []
  let at = after
  for (;;) {
    const page = await client.epochs(id, { limit: PAGE, ...(at === null ? {} : { after: at }) })
    items.push(...page.items)
    if (page.next === null || page.items.length === 0) return items
    at = page.next
  }
}

export async function watchEpochs(context: Context, id: string, view: EpochView): Promise<ExitCode> {
  const { client, out, interrupt } = context
  const drawn = out.answerIsTerminal && !out.json && !out.quiet
  const ending = new AbortController()
  const signal = AbortSignal.any([interrupt, ending.signal])
  const onTrouble = (why: string | null): void =>
    out.say(
      why === null
        ? out.sayStyle.good('Connected again.')
        : out.sayStyle.warn(`${why} Asking again ${out.sayStyle.dots}`),
    )
  let items: Epoch[] = []
  let names: readonly string[] | null = null
  let job = await client.job(id)

  const tell = async (fresh: readonly Epoch[]): Promise<void> => {
    for (const epoch of fresh) {
      if (names === null) {
        // What the first epoch has, all have.
        names = view.names([epoch])
        if (!out.json && !out.quiet) await out.answer(view.head(names))
      }
      if (out.json) await out.answerLine(view.object(epoch))
      else if (!out.quiet) await out.answer(view.row(epoch, names))
    }
  }
  const look = async (): Promise<void> => {
    // The record first: what was trained before its end is read after it.
    job = await client.job(id)
    const last = items.at(-1)
    // A further attempt trains epochs again; they take the place of those that are here.
    const again = last !== undefined && (job.progress.last?.attempt ?? 0) > last.attempt
    const read = await epochsAfter(client, id, again || last === undefined ? null : last.epoch)
    const fresh = again ? read.filter(epoch => epoch.attempt > last.attempt) : read
    items = again ? read : [...items, ...read]
    if (drawn) await out.redraw(view.whole(items, out))
    else await tell(fresh)
  }
  try {
    for await (const change of jobChanges(context, signal, { onTrouble })) {
      if (change !== 'look' && !change.some(one => one.id === id)) continue
      await patiently(context, signal, onTrouble, look)
      if (isOver(job)) break
    }
  } catch (error) {
    if (!interrupt.aborted) throw error
  } finally {
    ending.abort()
  }
  if (interrupt.aborted && !isTerminal(job.state))
    throw new CliError('INTERRUPTED', `Stopped following. The job goes on: trotline epochs ${id} --watch`)
  if (!out.json) out.say(endingText(job, out.sayStyle))
  return exitOfJob(job)
}
