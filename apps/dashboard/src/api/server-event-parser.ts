// Server-sent events as text, from pieces that end anywhere. Pure.

export interface ServerEvent {
  id: string | null
  event: string
  data: string
}

/** As the HTML standard reads a stream, from pieces that end anywhere. */
export function createEventParser(): { feed(text: string): (ServerEvent | 'alive')[] } {
  let rest = ''
  let id: string | null = null
  let event = 'message'
  let data: string[] = []
  return {
    feed(text) {
      const found: (ServerEvent | 'alive')[] = []
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line === '') {
          if (data.length > 0) found.push({ id, event, data: data.join('\n') })
          event = 'message'
          data = []
          continue
        }
        if (line.startsWith(':')) {
          found.push('alive')
          continue
        }
        const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
        if (field === 'data') data.push(value)
        else if (field === 'event') event = value
        else if (field === 'id') id = value
      }
      return found
    },
  }
}
