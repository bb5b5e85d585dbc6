// Two streams: stdout carries the answer, stderr everything said to a person. Each is judged by itself: is it a terminal?
// The bottom line of stderr may be live: it is redrawn, and whatever is said goes above it.
import type { WriteStream } from 'node:tty'
import type { Settings } from './settings.ts'
import { createSafeText, safeText } from './text/safe-text.ts'
import { createStyle, type Style } from './text/style.ts'

export type Stream = NodeJS.WritableStream & Pick<Partial<WriteStream>, 'isTTY' | 'columns' | 'rows'>

export type Output = {
  json: boolean
  quiet: boolean
  /** How the answer is painted, and whether people read it. */
  answerIsTerminal: boolean
  answerStyle: Style
  sayIsTerminal: boolean
  sayStyle: Style
  /** Columns of the terminal that people look at; 80 where there is none. */
  width(): number
  answer(text: string): Promise<void>
  /** Bytes of a log: as they are into a pipe, made safe on a terminal. @param raw as they are there, too */
  answerBytes(bytes: Uint8Array, raw?: boolean): Promise<void>
  /** In place of what it wrote the last time; only where the answer goes to a terminal. */
  redraw(text: string): Promise<void>
  /** One line of JSON, for streams of objects. */
  answerLine(value: unknown): Promise<void>
  /** To the person, unless -q. */
  say(text: string): void
  /** To the person, also with -q: errors. */
  complain(text: string): void
  /** Redraws the bottom line; null takes it away. Nothing where stderr is no terminal. */
  live(text: string | null): void
  /** The bottom line while an answer is awaited; only where nothing else is live. */
  waiting(text: string | null): void
}

/** JSON leaves some characters as they are that a terminal takes for the beginning of a command. */
const safeJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u007f-\u009f]/g, one => `\\u00${one.charCodeAt(0).toString(16)}`)

const ERASE = '\r\u001b[K'

export function createOutput(options: {
  stdout: Stream
  stderr: Stream
  settings: Pick<Settings, 'dumb' | 'columns' | 'utf8'> & { colour: boolean }
  json: boolean
  quiet: boolean
}): Output {
  const { stdout, stderr, settings, json, quiet } = options
  const answerIsTerminal = stdout.isTTY === true
  const sayIsTerminal = stderr.isTTY === true
  const style = (terminal: boolean) => createStyle({ colour: terminal && settings.colour, utf8: settings.utf8 })
  const decoder = new TextDecoder()
  const safeLog = createSafeText()
  let line: string | null = null
  let awaiting = false
  let drawn = 0

  const around = (write: () => void): void => {
    if (line !== null) stderr.write(ERASE)
    write()
    if (line !== null) stderr.write(line)
  }
  const tell = (text: string): void =>
    around(() => {
      const whole = text.endsWith('\n') ? text : `${text}\n`
      stderr.write(sayIsTerminal ? safeText(whole) : whole)
    })
  const put = async (data: string | Uint8Array): Promise<void> => {
    let room = true
    around(() => {
      room = stdout.write(data)
    })
    if (!room) await new Promise<void>(resolve => stdout.once('drain', () => resolve()))
  }

  const draw = (text: string | null): void => {
    if (!sayIsTerminal || settings.dumb || quiet) return
    // The cursor stays at the line's end, so a resize or an abrupt end leaves a readable line behind.
    if (text === null && line !== null) stderr.write(ERASE)
    if (text !== null && text !== line) stderr.write(`${ERASE}${text}`)
    line = text
  }

  return {
    json,
    quiet,
    answerIsTerminal,
    answerStyle: style(answerIsTerminal),
    sayIsTerminal,
    sayStyle: style(sayIsTerminal),
    width: () => settings.columns ?? (answerIsTerminal ? stdout.columns : stderr.columns) ?? 80,
    answer: text => put(answerIsTerminal ? safeText(text) : text),
    answerBytes: (bytes, raw = false) =>
      put(answerIsTerminal && !raw ? safeLog(decoder.decode(bytes, { stream: true })) : bytes),
    redraw: async text => {
      const lines = safeText(text).replace(/\n$/, '').split('\n')
      // On a terminal that cannot move its cursor each state stands below the one before.
      if (settings.dumb) return put(`${lines.join('\n')}\n`)
      // What has scrolled out at the top cannot be drawn over. The last line stays: it says as of when.
      // 0 rows: a terminal that does not know its size.
      const room = stdout.rows ? Math.max(2, stdout.rows - 1) : lines.length
      const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), ...lines.slice(-1)]
      const up = drawn === 0 ? '' : `\u001b[${drawn}A\r`
      drawn = shown.length
      // Each line is written over what stood there and only its rest is erased: nothing is ever blank, nothing flickers.
      await put(`${up}${shown.map(line => `${line}\u001b[K\n`).join('')}\u001b[J`)
    },
    answerLine: value => put(`${answerIsTerminal ? safeJson(value) : JSON.stringify(value)}\n`),
    say: text => {
      if (!quiet) tell(text)
    },
    complain: tell,
    live: text => {
      awaiting = false
      draw(text)
    },
    waiting: text => {
      if (text === null ? !awaiting : line !== null) return
      awaiting = text !== null
      draw(text)
    },
  }
}
