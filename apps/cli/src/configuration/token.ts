// Which token is sent, and where it was said.
import { readFileSync, statSync } from 'node:fs'
import { CliError } from '../errors.ts'
import type { Settings } from '../settings.ts'
import type { Configuration } from './configuration.ts'
import { tokenFor, tokensFile } from './token-store.ts'

export type Token = { value: string /** TROTLINE_TOKEN, or the file. */; origin: string }

/**
 * null: nobody said one.
 * @param warn told where others can read the file that it stands in
 * @throws CliError
 */
export function tokenOf(
  settings: Settings,
  configuration: Configuration,
  url: URL,
  warn: (text: string) => void,
): Token | null {
  const file = configuration.of('tokenFile')
  if (file?.level === 'flag') return usable(readToken(file.value, warn), file.value)
  const kept = tokensFile(settings.configHome)
  const loggedIn = (): Token | null => {
    const token = tokenFor(kept, url)
    return token === null ? null : usable(token, kept)
  }
  // Which server it is was said by whoever wrote the project: only what was given to that very server goes there.
  if (configuration.of('url')?.level === 'project') return loggedIn()
  if (settings.token !== null) return usable(settings.token, 'TROTLINE_TOKEN')
  if (file !== null) return usable(readToken(file.value, warn), file.value)
  return loggedIn()
}

/** @throws CliError NO_TOKEN */
export function usable(token: string, origin: string): Token {
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return { value: token, origin }
  throw new CliError('NO_TOKEN', 'The token holds spaces or characters that no token has.', {
    facts: [`It came from ${origin}.`],
    fix: ['Look at TROTLINE_TOKEN or the token file: one line, nothing else.'],
  })
}

function readToken(file: string, warn: (text: string) => void): string {
  try {
    const token = readFileSync(file, 'utf8').trim()
    const mode = statSync(file).mode & 0o777
    if ((mode & 0o077) !== 0) warn(`Others can read ${file} (mode ${mode.toString(8)}): chmod 600 ${file}`)
    return token
  } catch (cause) {
    throw new CliError('USAGE', `The token file ${file} cannot be read.`, { cause })
  }
}
