// Server-sent events as text, from pieces that end anywhere, as the HTML standard reads a stream (9.2.6). Pure.

export interface ServerEvent {
  /** The last id that was sent, be it with an earlier event; null: none yet. */
  id: string | null
  event: string
  data: string
}

export interface EventParser {
  /** `'alive'` for a comment: nothing happened, and the connection stands. */
  feed(text: string): (ServerEvent | 'alive')[]
  /** How long the server wants to be left alone before the next connection; null: it has not said. */
  readonly retryMs: number | null
}

/** Of one event that is not at its end yet. The largest that the server sends is a piece of a log, some hundred kB. */
const MOST_CHARACTERS = 32 * 1024 * 1024

/** @param after the id that the stream goes on from */
export function createEventParser(after: string | null = null): EventParser {
  /** Of a line that is not at its end. Only added to, and never searched: a long line in many pieces would be read again with each. */
  let open = ''
  /** A LF that comes next belongs to the CR before it. */
  let afterReturn = false
  let begun = false
  let id = after
  let event = ''
  let data: string[] = []
  let characters = 0
  let retryMs: number | null = null

  function take(line: string, found: (ServerEvent | 'alive')[]): void {
    if (line === '') {
      // Without a line of data it is no event.
      if (data.length > 0) found.push({ id, event: event === '' ? 'message' : event, data: data.join('\n') })
      event = ''
      data = []
      characters = 0
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) {
      found.push('alive')
      return
    }
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (field === 'data') {
      data.push(value)
      // The line itself counts: lines of nothing fill a memory, too.
      characters += value.length + 1
    } else if (field === 'event') event = value
    else if (field === 'id' && !value.includes('\0')) id = value
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) retryMs = Number(value)
  }

  return {
    get retryMs() {
      return retryMs
    },
    feed(text) {
      const found: (ServerEvent | 'alive')[] = []
      if (text === '') return found
      // A decoder may have taken the byte order mark already, or not.
      let from = (!begun && text.startsWith('\uFEFF')) || (afterReturn && text.startsWith('\n')) ? 1 : 0
      begun = true
      const ends = /\r\n|\n|\r/g
      ends.lastIndex = from
      for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
        const line = open + text.slice(from, end.index)
        open = ''
        from = ends.lastIndex
        take(line, found)
      }
      open += text.slice(from)
      afterReturn = text.endsWith('\r')
      if (open.length + characters > MOST_CHARACTERS)
        throw new RangeError(`An event has more than ${MOST_CHARACTERS} characters.`)
      return found
    },
  }
}
