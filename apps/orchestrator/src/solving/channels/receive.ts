// Takes the body of an answer into a file beside, with limits in bytes and time, and proves what HTTP can prove: that it ended where it should.
import { createHash, type Hash } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { SolveError } from '../solve-error.ts'
import { channelAway, channelGarbage, networkFault, storageFault } from './channel-faults.ts'

export interface ReceiveOptions {
  who: string
  /** `linux-64/repodata.json.zst` */
  what: string
  file: string
  /** In bytes. */
  most: number
  /** `than the lock says`; default: that this is the most that is read. */
  mostWhy?: string
  signal: AbortSignal
  onBytes: (bytes: number, of: number | null) => void
  hashes?: readonly ('sha256' | 'md5')[]
}

export interface Received {
  bytes: number
  /** In hexadecimal. */
  hashes: Partial<Record<'sha256' | 'md5', string>>
}

/** @throws SolveError CHANNEL_AWAY, CHANNEL_GARBAGE, STORAGE_FULL; the signal's reason. The file is then gone. */
export async function receive(answer: IncomingMessage, options: ReceiveOptions): Promise<Received> {
  const { who, what, file, most, signal, onBytes } = options
  const announced = Number(answer.headers['content-length'] ?? Number.NaN)
  const of = Number.isSafeInteger(announced) ? announced : null
  const tooLarge = (): SolveError =>
    channelGarbage(
      who,
      `its ${what} is larger ${options.mostWhy ?? `than ${Math.floor(most / 1024 / 1024)} MiB, which is what is read at most`}`,
    )
  const hashes = new Map<'sha256' | 'md5', Hash>((options.hashes ?? []).map(name => [name, createHash(name)]))
  let bytes = 0
  try {
    if (of !== null && of > most) throw tooLarge()
    // Opened before anything can fail: a stream that opens it by itself may do so after it was taken away.
    const handle = await open(file, 'wx', 0o644)
    await pipeline(
      answer,
      async function* counted(source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          bytes += chunk.length
          if (bytes > most) throw tooLarge()
          for (const hash of hashes.values()) hash.update(chunk)
          onBytes(bytes, of)
          yield chunk
        }
      },
      handle.createWriteStream(),
      { signal },
    )
    if (!answer.complete || (of !== null && bytes !== of))
      throw channelAway(who, `its ${what} ended after ${bytes.toLocaleString('en')} bytes`)
  } catch (error) {
    answer.destroy()
    await rm(file, { force: true })
    if (signal.aborted) throw signal.reason
    throw storageFault(error, file) ?? networkFault(who, error)
  }
  return { bytes, hashes: Object.fromEntries([...hashes].map(([name, hash]) => [name, hash.digest('hex')])) }
}
