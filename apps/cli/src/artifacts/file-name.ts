// Which names of a server become files here. The contract allows fewer; this is what keeps any server, and any file's name, inside the folder.
import { CliError } from '../errors.ts'

const SAFE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** One word, no folder, nothing hidden, nothing that a terminal or a shell reads otherwise. */
export const isSafeName = (name: string): boolean => SAFE.test(name) && !name.endsWith('.')

/** @throws CliError COULD_NOT_ASK for a name that no artifact has */
export function fileNameOf(name: string): string {
  if (isSafeName(name)) return name
  throw new CliError('COULD_NOT_ASK', `The server names an artifact ${JSON.stringify(name).slice(0, 200)}.`, {
    facts: ['That is no name for a file in a folder; nothing was written.'],
    fix: ['Tell the operator of the server.'],
  })
}
