// The log of a build: what the installer says, line by line, after what the maker does. Bounded, and without passwords and tokens
// in addresses. A disk that takes no more of it does not end the build: that shows where it matters.
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'

const MOST_BYTES = 64 * 1024 * 1024
const LONGEST_LINE = 8192
const TAIL = 40

export interface BuildLog {
  /** Of the maker itself. */
  say(line: string): void
  /** Of a program: in whatever pieces it comes. */
  take(piece: Buffer): void
  /** The last lines of the program, and what was left of an unfinished one is a line. Forgets them. */
  tail(): string[]
  close(): void
}

/** `https://user:password@host/t/token/channel` is told as `https://host/t/…/channel`; a password may have an `@` in it. */
export const withoutSecrets = (line: string): string =>
  line.replace(/(\w:\/\/)[^\s/]*@/g, '$1').replace(/(\w:\/\/[^\s/]+(?:\/[^\s/]+)*?\/t)\/[^\s/"'<>)\]]+/g, '$1/…')

export function openLog(path: string, most: number = MOST_BYTES): BuildLog {
  const file = openSync(path, 'a', 0o644)
  let room = most - fstatSync(file).size
  let rest = ''
  let last: string[] = []
  // A character may be cut in two where a piece ends.
  const decoder = new TextDecoder()
  const write = (line: string): void => {
    if (room <= 0) return
    const bytes = Buffer.from(`${line}\n`)
    room -= bytes.length
    const told = room > 0 ? bytes : Buffer.from(`What follows is left out: the log has ${most} bytes already.\n`)
    try {
      writeSync(file, told)
    } catch {
      // See above.
    }
  }
  const line = (text: string): void => {
    const told = withoutSecrets(text.trimEnd())
    if (told === '') return
    last.push(told)
    if (last.length > TAIL) last.shift()
    write(told)
  }
  return {
    say: text => write(`${new Date().toISOString()} ${withoutSecrets(text)}`),
    take(piece) {
      // A progress bar goes back to the start of its line: each of its states is a line here.
      const lines = `${rest}${decoder.decode(piece, { stream: true })}`.split(/\r\n|\n|\r/)
      rest = lines.pop() ?? ''
      for (const one of lines) line(one.slice(0, LONGEST_LINE))
      if (rest.length > LONGEST_LINE) {
        line(rest)
        rest = ''
      }
    },
    tail() {
      line(rest)
      rest = ''
      const lines = last
      last = []
      return lines
    },
    close: () => closeSync(file),
  }
}
