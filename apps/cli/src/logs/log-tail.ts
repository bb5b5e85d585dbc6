// Finds the last lines of a log without reading the whole of it: from the end backwards, until there are enough.
import type { Client, LogChunk, LogQuery } from '../api/client.ts'

const TAIL_BYTES = 64 * 1024
export const CHUNK_BYTES = 256 * 1024
/** Lines of a megabyte exist; more than this is not searched back for any number of lines. */
const MAX_TAIL_BYTES = 16 * 1024 * 1024

const NEWLINE = 0x0a

/** @returns the chunk that begins at the first of the last lines and reaches to the end of the log. */
export async function lastLines(
  client: Pick<Client, 'logs'>,
  id: string,
  query: Pick<LogQuery, 'stream' | 'attempt'>,
  lines: number,
): Promise<LogChunk> {
  let chunk = await client.logs(id, { ...query, tail: TAIL_BYTES })
  let start = startOfLast(chunk.bytes, lines)
  while (start === null && chunk.offset > 0 && chunk.bytes.length < MAX_TAIL_BYTES) {
    const from = Math.max(0, chunk.offset - CHUNK_BYTES)
    const before = await client.logs(id, { ...query, offset: from, limit: chunk.offset - from })
    // Another run began meanwhile, or the file was cut: what is here is still true.
    if (before.run !== chunk.run || before.next !== chunk.offset) break
    chunk = { ...chunk, bytes: Buffer.concat([before.bytes, chunk.bytes]), offset: from }
    start = startOfLast(chunk.bytes, lines)
  }
  return start === null ? chunk : { ...chunk, bytes: chunk.bytes.subarray(start), offset: chunk.offset + start }
}

/** Where the last lines begin; null where the bytes hold fewer line ends than that. A line end at the very end ends a line. */
export function startOfLast(bytes: Uint8Array, lines: number): number | null {
  let at = bytes.length
  if (lines === 0) return at
  if (bytes[at - 1] === NEWLINE) at -= 1
  for (let found = 0; found < lines; found += 1) {
    at = bytes.lastIndexOf(NEWLINE, at - 1)
    if (at === -1) return null
    if (at === 0 && found < lines - 1) return null
  }
  return at + 1
}
