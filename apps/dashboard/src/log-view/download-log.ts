// The bytes of a log as a file, exactly as they lie on the cluster, read window by window.
import type { Job } from '@trotline/contracts'
import { askBytes } from '../api/ask.ts'
import type { LogSource } from './follow-log.ts'

/** A browser holds the file in memory: of a larger one this is the end. */
const MOST_BYTES = 256 * 1_048_576

export async function downloadLog({ id, name }: Pick<Job, 'id' | 'name'>, source: LogSource): Promise<void> {
  const path = `/v1/jobs/${encodeURIComponent(id)}/logs?stream=${source}`
  const { headers } = await askBytes(`${path}&offset=0&limit=1`)
  const size = Number(headers.get('trotline-size') ?? 0)
  const pieces: Uint8Array<ArrayBuffer>[] = []
  for (let offset = Math.max(0, size - MOST_BYTES); offset < size; ) {
    const { bytes } = await askBytes(`${path}&offset=${offset}`)
    if (bytes.length === 0) break
    pieces.push(new Uint8Array(bytes))
    offset += bytes.length
  }
  save(new Blob(pieces, { type: 'text/plain' }), `${name}-${id}.${source === 'slurm' ? 'slurm.log' : source}`)
}

export function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
