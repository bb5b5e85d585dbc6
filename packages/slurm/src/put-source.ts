// What is to be put, as a stream of pieces: text, bytes, or a local file read piece by piece (releases are large).
import { open } from 'node:fs/promises'
import type { PutContent } from './transport.ts'

const PIECE_BYTES = 256 * 1024

export async function* piecesOf(content: PutContent): AsyncGenerator<Uint8Array> {
  if (typeof content === 'object' && 'file' in content) {
    const file = await open(content.file, 'r')
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES)
        if (bytesRead === 0) return
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      await file.close()
    }
  }
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}
