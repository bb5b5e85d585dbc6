// Reads server-sent events over HTTP as a browser does: frames with id, event and data, and comments left out.
import assert from 'node:assert/strict'

export interface Frame {
  id: number | null
  /** The id as it stands. */
  cursor: string
  event: string
  data: Record<string, unknown>
}

export interface EventReader {
  status: number
  headers: Headers
  /** The next frame, or null when the server has ended the stream. */
  next(): Promise<Frame | null>
  /** All frames up to the server's end. */
  rest(): Promise<Frame[]>
  /** Goes away without a word, as a closed laptop does. */
  leave(): void
}

export async function readEvents(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  const leaving = new AbortController()
  const answer = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: leaving.signal })
  const reader = (answer.body ?? assert.fail('no body')).pipeThrough(new TextDecoderStream()).getReader()
  let text = ''

  async function next(): Promise<Frame | null> {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end < 0) {
        const { done, value } = await reader.read()
        if (done) return null
        text += value
        continue
      }
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const fields = new Map(
        lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      )
      const data = fields.get('data')
      if (data === undefined) continue
      const id = fields.get('id')
      return {
        id: id === undefined ? null : Number(id),
        cursor: id ?? '',
        event: fields.get('event') ?? 'message',
        data: JSON.parse(data),
      }
    }
  }

  return {
    status: answer.status,
    headers: answer.headers,
    next,
    async rest() {
      const frames: Frame[] = []
      for (let frame = await next(); frame !== null; frame = await next()) frames.push(frame)
      return frames
    },
    leave: () => leaving.abort(),
  }
}
