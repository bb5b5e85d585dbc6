// Epochs beside the record: they come many times a second and must not make every reader's revision stale.
// While a job lives they are a hash (epoch -> rank and JSON); after its end, compressed chunks of 1,000.
import { gunzipSync, gzipSync } from 'node:zlib'
import { Epoch, epochsAskedFor, type Job, rankOf } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { PUT_EPOCHS, SEAL_EPOCHS } from './epochs-script.ts'
import type { Keys } from './keys.ts'
import type { JobRecord } from './record.ts'
import { asking } from './redis.ts'

const CHUNK = 1000
/** Lua's arguments are bounded: about 500 epochs of 250 bytes a call. */
const PUT_AT_ONCE = 500

export interface EpochStore {
  /** Idempotent. Answers how many were new. */
  put(jobId: string, epochs: readonly Epoch[]): Promise<number>
  /** Of the `limit` numbers after `after` those that are there, in order. */
  read(jobId: string, after: number, limit: number): Promise<Epoch[]>
  /** The same as stored, each a line of JSON: readers who pass epochs on need not take them apart. */
  readTexts(jobId: string, after: number, limit: number): Promise<string[]>
  progress(job: Pick<JobRecord, 'id' | 'request'>): Promise<Job['progress']>
  /** Once the record is complete: compressed, and closed to late reports. */
  seal(jobId: string): Promise<void>
}

export function createEpochStore({
  redis,
  keys,
  eventsPerJob,
}: {
  redis: Redis
  keys: Keys
  eventsPerJob: number
}): EpochStore {
  redis.defineCommand('trotlinePutEpochs', { numberOfKeys: 4, lua: PUT_EPOCHS })
  const put = (...args: string[]): Promise<[number, number]> =>
    (redis as unknown as { trotlinePutEpochs(...a: string[]): Promise<[number, number]> }).trotlinePutEpochs(...args)
  redis.defineCommand('trotlineSealEpochs', { numberOfKeys: 3, lua: SEAL_EPOCHS })
  const sealAsRead = (...args: (string | Buffer)[]): Promise<number> =>
    (redis as unknown as { trotlineSealEpochs(...a: (string | Buffer)[]): Promise<number> }).trotlineSealEpochs(...args)
  const epochJson = (value: string): string => value.slice(value.indexOf(' ') + 1)

  /** null: the job is sealed. */
  async function readLive(jobId: string, after: number, limit: number): Promise<string[] | null> {
    if (limit <= 0) return []
    const fields = Array.from({ length: limit }, (_, i) => String(after + 1 + i))
    // One round trip for both. In this order: what is sealed in between is found by the second.
    const [values, sealed] = await asking(
      Promise.all([redis.hmget(keys.epochs(jobId), ...fields), redis.exists(keys.finalEpochs(jobId))]),
    )
    return sealed === 1 ? null : values.filter(value => value !== null).map(epochJson)
  }

  return {
    async put(jobId, epochs) {
      let stored = 0
      for (const batch of batches(epochs)) {
        const run = batch[0]?.run
        if (run === undefined) continue
        const [count] = await asking(
          put(
            keys.job(jobId),
            keys.epochs(jobId),
            keys.events(jobId),
            keys.finalEpochs(jobId),
            String(rankOf(run)),
            new Date().toISOString(),
            String(eventsPerJob),
            keys.changed(),
            jobId,
            keys.changedJobs(),
            ...batch.flatMap(epoch => [String(epoch.epoch), JSON.stringify(epoch)]),
          ),
        )
        stored += count
      }
      return stored
    },

    async read(jobId, after, limit) {
      const texts = await readLive(jobId, after, limit)
      if (texts === null) return readSealed(jobId, after, limit)
      return texts.map(text => JSON.parse(text) as Epoch)
    },

    async readTexts(jobId, after, limit) {
      const texts = await readLive(jobId, after, limit)
      return texts ?? (await readSealed(jobId, after, limit)).map(epoch => JSON.stringify(epoch))
    },

    async progress(job) {
      // In this order: the epochs that sealing takes away in between were counted by the first.
      const [live, [superseded, last, sealed]] = await asking(
        Promise.all([redis.hlen(keys.epochs(job.id)), redis.hmget(keys.job(job.id), 'superseded', 'last', 'sealed')]),
      )
      const count = sealed ? Number(sealed) : live
      return {
        epochs: count,
        // A command that does not say how many it means to report is as far as it is.
        of: Math.max(epochsAskedFor(job.request), job.request.training.epochs === null ? count : 0),
        superseded: Number(superseded ?? 0),
        last: last ? Epoch.parse(JSON.parse(last)) : null,
      }
    },

    async seal(jobId) {
      while (!(await sealOnce(jobId))) {
        // A report came in between: what it brought is sealed too.
      }
    },
  }

  /** False: the epochs changed while they were packed. */
  async function sealOnce(jobId: string): Promise<boolean> {
    // In this order: what is superseded in between is noticed.
    const [superseded, all] = await asking(
      Promise.all([redis.hget(keys.job(jobId), 'superseded'), redis.hgetall(keys.epochs(jobId))]),
    )
    const numbers = Object.keys(all)
      .map(Number)
      .sort((a, b) => a - b)
    const chunks = new Map<number, string[]>()
    for (const number of numbers) {
      const chunk = Math.floor(number / CHUNK)
      chunks.set(chunk, [...(chunks.get(chunk) ?? []), epochJson(all[String(number)] ?? '')])
    }
    const packed = [...chunks].flatMap(([chunk, lines]) => [String(chunk), gzipSync(`[${lines.join(',')}]`)])
    const sealed = await asking(
      sealAsRead(
        keys.job(jobId),
        keys.epochs(jobId),
        keys.finalEpochs(jobId),
        String(numbers.length),
        superseded ?? '0',
        ...packed,
      ),
    )
    return sealed === 1
  }

  async function readSealed(jobId: string, after: number, limit: number): Promise<Epoch[]> {
    const out: Epoch[] = []
    const last = after + limit
    for (let chunk = Math.floor((after + 1) / CHUNK); chunk * CHUNK <= last; chunk++) {
      const packed = await asking(redis.hgetBuffer(keys.finalEpochs(jobId), String(chunk)))
      if (packed === null) continue
      const epochs = JSON.parse(gunzipSync(packed).toString()) as Epoch[]
      out.push(...epochs.filter(epoch => epoch.epoch > after && epoch.epoch <= last))
    }
    return out
  }
}

/** Batches of one run each, as the script wants them. */
function* batches(epochs: readonly Epoch[]): Generator<Epoch[]> {
  let batch: Epoch[] = []
  for (const epoch of epochs) {
    if (batch.length > 0 && (batch.length === PUT_AT_ONCE || batch[0]?.run !== epoch.run)) {
      yield batch
      batch = []
    }
    batch.push(epoch)
  }
  if (batch.length > 0) yield batch
}
