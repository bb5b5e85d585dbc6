// Tokens that `trotline login` took, each for one server and for no other. One file of mode 0600.
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../errors.ts'
import { writeWhole } from './config-file.ts'

export const tokensFile = (configHome: string): string => join(configHome, 'trotline', 'tokens.json')

const Kept = z.record(z.string(), z.string())

/** @throws CliError USAGE where others may read it, or it is not what was written */
export function readTokens(file: string): Record<string, string> {
  let text: string
  try {
    const mode = statSync(file).mode & 0o777
    if ((mode & 0o077) !== 0)
      throw new CliError('USAGE', `Others can read ${file} (mode ${mode.toString(8)}), and your tokens are in it.`, {
        fix: [`chmod 600 ${file}`],
      })
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {}
    throw new CliError('USAGE', `${file} cannot be read.`, { cause })
  }
  try {
    return Kept.parse(JSON.parse(text))
  } catch (cause) {
    throw new CliError('USAGE', `${file} is not as it was written.`, {
      cause,
      fix: [`rm ${file}, then trotline login`],
    })
  }
}

/** By scheme, host and port, and below which path: another of these is another server. */
export const serverKey = (url: URL): string => url.href.replace(/\/+$/, '')

export const tokenFor = (file: string, url: URL): string | null => readTokens(file)[serverKey(url)] ?? null

/** null takes it away. */
export function keepToken(file: string, url: URL, token: string | null): void {
  const { [serverKey(url)]: _before, ...others } = readTokens(file)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeWhole(file, `${JSON.stringify({ ...others, ...(token === null ? {} : { [serverKey(url)]: token }) })}\n`, 0o600)
}
