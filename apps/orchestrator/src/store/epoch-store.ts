// Epochs beside the record: they come many times a second and must not make every reader's revision stale.
// While a job lives they are a hash (epoch -> rank and JSON); after its end, compressed chunks of 1,000.
import { gunzipSync, gzipSync } from 'node:zlib'
import { type Epoch, type Job, rankOf } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { PUT_EPOCHS, SEAL_EPOCHS } from './epochs-script.ts'
import type { Keys } from './keys.ts'
import { progressOf } from './progress.ts'
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
  /** At most `most` of them, evenly spread over all up to `last`, which is among them: for a picture the size of a word. */
  readSpread(jobId: string, last: number, most: number): Promise<Epoch[]>
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
  async function readLive(jobId: string, numbers: readonly number[]): Promise<string[] | null> {
    if (numbers.length === 0) return []
    const fields = numbers.map(String)
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
      const texts = await readLive(jobId, following(after, limit))
      if (texts === null) return readSealed(jobId, after, limit)
      return texts.map(text => JSON.parse(text) as Epoch)
    },

    async readTexts(jobId, after, limit) {
      const texts = await readLive(jobId, following(after, limit))
      return texts ?? (await readSealed(jobId, after, limit)).map(epoch => JSON.stringify(epoch))
    },

    async readSpread(jobId, last, most) {
      const numbers = spreadOver(last, most)
      const texts = await readLive(jobId, numbers)
      if (texts !== null) return texts.map(text => JSON.parse(text) as Epoch)
      const wanted = new Set(numbers)
      const found: Epoch[] = []
      // A chunk at a time: a hundred of them are not held at once.
      for (const chunk of new Set(numbers.map(number => Math.floor(number / CHUNK))))
        found.push(...(await readChunk(jobId, chunk)).filter(({ epoch }) => wanted.has(epoch)))
      return found
    },

    async progress(job) {
      // In this order: the epochs that sealing takes away in between were counted by the first.
      const [live, [superseded = null, last = null, sealed = null]] = await asking(
        Promise.all([redis.hlen(keys.epochs(job.id)), redis.hmget(keys.job(job.id), 'superseded', 'last', 'sealed')]),
      )
      return progressOf(job, { live, superseded, last, sealed })
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
      out.push(...(await readChunk(jobId, chunk)).filter(epoch => epoch.epoch > after && epoch.epoch <= last))
    }
    return out
  }

  async function readChunk(jobId: string, chunk: number): Promise<Epoch[]> {
    const packed = await asking(redis.hgetBuffer(keys.finalEpochs(jobId), String(chunk)))
    return packed === null ? [] : (JSON.parse(gunzipSync(packed).toString()) as Epoch[])
  }
}

const following = (after: number, limit: number): number[] =>
  Array.from({ length: Math.max(0, limit) }, (_, i) => after + 1 + i)

/** Multiples of a power of two, and the last: what was one of them stays one while more epochs come, until the step doubles. */
export function spreadOver(last: number, most: number): number[] {
  let step = 1
  while (Math.floor(last / step) + (last % step === 0 ? 1 : 2) > most) step *= 2
  const numbers = Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step)
  return last % step === 0 ? numbers : [...numbers, last]
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
