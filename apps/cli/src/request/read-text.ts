// A file named on the command line, or stdin for `-`, as text; why it cannot be read is said in words.
import { readFile } from 'node:fs/promises'
import { CliError } from '../errors.ts'

/** `most` bytes; `failed`: what does not happen then. */
type Reading = { most: number; failed: string }

export async function readText(file: string, stdin: NodeJS.ReadableStream, reading: Reading): Promise<string> {
  return (await readBytes(file, stdin, reading)).toString('utf8')
}

/** @throws CliError USAGE */
export function readBytes(file: string, stdin: NodeJS.ReadableStream, reading: Reading): Promise<Buffer> {
  return file === '-' ? readAll(stdin, reading) : readNamed(file, reading)
}

async function readNamed(file: string, { most, failed }: Reading): Promise<Buffer> {
  try {
    const bytes = await readFile(file)
    if (bytes.length > most) throw tooLong(`${file} has ${bytes.length} bytes`, { most, failed })
    return bytes
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const why: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a directory',
      EACCES: 'you may not read it',
    }
    throw new CliError('USAGE', `${file} cannot be read: ${why[code] ?? code}.`, { failed })
  }
}

async function readAll(stdin: NodeJS.ReadableStream, { most, failed }: Reading): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of stdin) {
    const bytes = Buffer.from(part)
    size += bytes.length
    if (size > most) throw tooLong(`stdin has more than ${most} bytes`, { most, failed })
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}

const tooLong = (what: string, { most, failed }: Reading): CliError =>
  new CliError('USAGE', `${what}: at most ${most} are read.`, { failed })
