// `reports: directory`: follows the epochs.jsonl of every running job, for clusters whose nodes cannot reach Redis.
// One read per file and round; where it stopped is remembered here and found again from byte 0 after a restart
// (the store drops what it has).
import { readEpochLines } from '../clusters/runs.ts'
import { placeOf, type StageContext } from './context.ts'

/** At most this much of one file per round, so that one fast job cannot starve the others. */
const BYTES_PER_ROUND = 1_048_576

export function followEpochFiles(context: StageContext): () => Promise<void> {
  const offsets = new Map<string, number>()
  return async () => {
    const ids = await context.jobs.idsInState(context.cluster.settings.name, 'running')
    const live = new Set<string>()
    let trouble: unknown = null
    for (const id of ids) {
      try {
        await followOne(id, live)
      } catch (error) {
        // One unreadable file must not starve the jobs behind it.
        trouble ??= error
      }
    }
    if (trouble !== null) throw trouble
    for (const file of offsets.keys()) if (!live.has(file)) offsets.delete(file)
  }

  async function followOne(id: string, live: Set<string>): Promise<void> {
    const job = await context.jobs.read(id)
    const run = job.runs.at(-1)
    if (run === undefined) return
    const file = `${id} ${run.run}`
    live.add(file)
    const { access, directory } = placeOf(job, context)
    const { lines, nextByte } = await readEpochLines(
      access.transport,
      directory,
      run.run,
      offsets.get(file) ?? 0,
      BYTES_PER_ROUND,
    )
    await context.epochs.put(
      id,
      lines.map(line => ({ ...line, run: run.run, attempt: run.attempt })),
    )
    offsets.set(file, nextByte)
  }
}
