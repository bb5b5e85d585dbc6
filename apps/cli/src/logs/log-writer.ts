// Puts log bytes out: as they are, or with --json as objects whose text is never cut inside a character.
import { openBytes } from '@trotline/client'
import type { LogChunk } from '../api/client.ts'
import type { Output } from '../output.ts'

export type LogWriter = {
  write(chunk: Pick<LogChunk, 'bytes' | 'next' | 'run'>): Promise<void>
  /** The run is over: what waited for its rest goes out as it is. */
  flush(): Promise<void>
}

/** @param raw see Output */
export function createLogWriter(out: Output, raw = false): LogWriter {
  if (!out.json) return { write: chunk => out.answerBytes(chunk.bytes, raw), flush: async () => {} }
  let waiting: Uint8Array = new Uint8Array()
  let next = 0
  let run: string | null = null

  const put = async (bytes: Uint8Array) => {
    if (bytes.length > 0) await out.answerLine({ run, offset: next - bytes.length, next, ...asText(bytes) })
  }
  return {
    write: async chunk => {
      run = chunk.run
      const bytes = Buffer.concat([waiting, chunk.bytes])
      const held = openBytes(bytes)
      waiting = bytes.subarray(bytes.length - held)
      next = chunk.next - held
      await put(bytes.subarray(0, bytes.length - held))
    },
    flush: async () => {
      next += waiting.length
      await put(waiting)
      waiting = new Uint8Array()
    },
  }
}

function asText(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}
