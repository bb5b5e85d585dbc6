// One line that nobody is to see: from a terminal without echo, or from stdin.
import { CliError } from './errors.ts'

type Input = NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?(raw: boolean): unknown }
const MOST_CHARACTERS = 4096

/** Without blanks around it; empty where nothing came. @throws CliError INTERRUPTED, USAGE */
export async function readSecret(
  { stdin, interrupt, prompt }: { stdin: Input; interrupt: AbortSignal; prompt(text: string): void },
  question: string,
): Promise<string> {
  const typed = stdin.isTTY === true
  if (typed) {
    // Raw: the terminal shows nothing, and sends Ctrl-C and Ctrl-D as characters. Before the question, so that nobody answers too early.
    stdin.setRawMode?.(true)
    prompt(question)
  }
  try {
    let text = ''
    for await (const part of stdin) {
      for (const character of String(part)) {
        if (typed && (character === '\u0003' || interrupt.aborted)) {
          throw new CliError('INTERRUPTED', 'Interrupted; no token was kept.')
        }
        if (character === '\n' || character === '\r' || character === '\u0004') return text.trim()
        if (character === '\u007f' || character === '\b') text = text.slice(0, -1)
        else text += character
      }
      if (text.length > MOST_CHARACTERS) throw new CliError('USAGE', 'That is too long to be a token.')
    }
    return text.trim()
  } finally {
    if (typed) stdin.setRawMode?.(false)
    if ('pause' in stdin) stdin.pause()
  }
}
