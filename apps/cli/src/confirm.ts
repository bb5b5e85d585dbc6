// A question with yes or no, for a person at a terminal. Everywhere else nothing is asked: the flag says it.
import { interrupted } from './api/exchange.ts'
import type { Context } from './context.ts'

/** Somebody is there who can be asked, and who sees the question. */
export const canAsk = ({ stdin, out }: Pick<Context, 'stdin' | 'out'>): boolean =>
  stdin.isTTY === true && out.sayIsTerminal && !out.json

/** Only y or yes is yes; Enter alone and the end of the input are no. @throws CliError INTERRUPTED */
export async function confirm(
  { stdin, out, interrupt }: Pick<Context, 'stdin' | 'out' | 'interrupt'>,
  question: string,
): Promise<boolean> {
  out.complain(`${question} [y/N]`)
  try {
    const line = await new Promise<string>((resolve, reject) => {
      if (interrupt.aborted) return reject(interrupted())
      stdin.once('data', (part: Buffer | string) => resolve(String(part)))
      stdin.once('end', () => resolve(''))
      interrupt.addEventListener('abort', () => reject(interrupted()), { once: true })
    })
    return /^\s*y(es)?\s*$/i.test(line)
  } finally {
    stdin.pause()
  }
}
