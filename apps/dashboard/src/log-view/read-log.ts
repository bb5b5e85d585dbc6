// A piece of a log as it lies on the cluster, with where it is from.
import type { Query } from '@trotline/client'
import type { Job } from '@trotline/contracts'
import { client } from '../api/client.ts'

export type LogSource = NonNullable<Query<'/v1/jobs/{id}/logs'>['stream']>

/** `tail`: the last so many bytes; else so many from an offset on. */
export type Piece = { attempt?: number | undefined } & ({ tail: number } | { offset: number; limit?: number })

export interface LogPiece {
  bytes: Uint8Array
  offset: number
  /** Of the whole file. */
  size: number
  /** null: there is no run yet. */
  run: string | null
}

/** @throws Refused 404: there is no such attempt; CouldNotAsk */
export async function readLog(
  job: Pick<Job, 'id'>,
  source: LogSource,
  piece: Piece,
  signal?: AbortSignal,
): Promise<LogPiece> {
  // Slurm's own log is one file for all attempts.
  const attempt = piece.attempt === undefined || source === 'slurm' ? {} : { attempt: piece.attempt }
  const { attempt: _, ...where } = piece
  const { data: bytes, headers } = await client.bytes('/v1/jobs/{id}/logs', {
    path: { id: job.id },
    query: { stream: source, ...attempt, ...where },
    ...(signal === undefined ? {} : { signal }),
  })
  return {
    bytes,
    offset: Number(headers.get('trotline-offset') ?? 0),
    size: Number(headers.get('trotline-size') ?? 0),
    run: headers.get('trotline-run') || null,
  }
}

/** So many bytes from an offset on, in as many pieces as the server makes of them; fewer only where the file ends. */
export async function readBytes(
  job: Pick<Job, 'id'>,
  source: LogSource,
  { attempt, offset, length }: { attempt: number; offset: number; length: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const whole = new Uint8Array(length)
  let read = 0
  while (read < length) {
    const piece = { attempt, offset: offset + read, limit: length - read }
    const { bytes } = await readLog(job, source, piece, signal)
    if (bytes.length === 0) break
    whole.set(bytes.subarray(0, length - read), read)
    read += bytes.length
  }
  return whole.subarray(0, read)
}
