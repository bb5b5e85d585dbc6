// The bytes of a log as a file, exactly as they lie on the cluster, read window by window; packed on the way where that is wanted.
import type { Job } from '@trotline/contracts'
import { type LogSource, readLog } from './read-log.ts'

/** A browser holds the file in memory: of a larger one this is the end. */
const MOST_BYTES = 256 * 1_048_576

interface Download {
  source: LogSource
  /** undefined: the newest. */
  attempt?: number | undefined
  packed: boolean
}

/** Answers a sentence where it is not the whole file; null: it is. */
export async function downloadLog(
  job: Pick<Job, 'id' | 'name'>,
  { source, attempt, packed }: Download,
): Promise<string | null> {
  const { size } = await readLog(job, source, { attempt, offset: 0, limit: 1 })
  const from = Math.max(0, size - MOST_BYTES)
  let offset = from
  const plain = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(stream) {
      const { bytes } = offset < size ? await readLog(job, source, { attempt, offset }) : { bytes: new Uint8Array(0) }
      if (bytes.length === 0) return stream.close()
      const wanted = bytes.slice(0, size - offset)
      offset += wanted.length
      stream.enqueue(wanted)
    },
  })
  const content = packed ? plain.pipeThrough(new CompressionStream('gzip')) : plain
  const type = packed ? 'application/gzip' : 'text/plain'
  const blob = await new Response(content, { headers: { 'content-type': type } }).blob()
  const name = source === 'slurm' ? 'slurm.log' : attempt === undefined ? source : `attempt-${attempt}.${source}`
  save(blob, `${job.name}-${job.id}.${name}${packed ? '.gz' : ''}`)
  return from === 0 ? null : `The file is larger than a browser holds: this is the end, from byte ${from} on.`
}

export function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
