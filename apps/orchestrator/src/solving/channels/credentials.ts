// The credentials of a channel: read from their file each time they are needed, so that they can be changed without a restart, and handed to
// nothing but a header.
import { readFile } from 'node:fs/promises'
import { SolveError } from '../solve-error.ts'

const MOST_CHARACTERS = 8192

/**
 * The value of an Authorization header. The file holds `Bearer TOKEN` or `USER:PASSWORD`.
 *
 * @throws SolveError CHANNEL_DENIED, which says nothing of what the file holds
 */
export async function readCredentials(who: string, file: string): Promise<string> {
  const refuse = (why: string, cause?: unknown): SolveError =>
    new SolveError(
      'CHANNEL_DENIED',
      `The credentials of ${who.replace(/^The/, 'the')} ${why}. Its operator has to write \`Bearer TOKEN\` or \`USER:PASSWORD\` into the channel’s credentialsFile.`,
      { details: { file }, cause },
    )
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw refuse('cannot be read', cause)
  }
  const line = text.trim()
  if (line.length > MOST_CHARACTERS || !/^[\x20-\x7e]+$/.test(line)) throw refuse('are not one line of plain text')
  if (/^Bearer \S+$/i.test(line)) return line
  if (/^[^\s:]+:.+$/.test(line)) return `Basic ${Buffer.from(line).toString('base64')}`
  throw refuse('have neither of the two forms')
}
