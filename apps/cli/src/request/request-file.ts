// Reads a request from a file or stdin, YAML or JSON (which is YAML), and remembers where each field stands:
// the server's findings point into the body, people look for a line in their file.
import { readFile } from 'node:fs/promises'
import { isNode, LineCounter, parseDocument } from 'yaml'
import { CliError } from '../errors.ts'

export type RequestFile = {
  value: unknown
  /** "auto-mpg.yml:7" for a JSON pointer, or for the nearest field above it; null where the file has no such place. */
  lineOf(pointer: string): string | null
}

/** Many times a request; the server's own limit answers 413. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024

export async function readRequest(file: string, stdin: NodeJS.ReadableStream): Promise<RequestFile> {
  const text = file === '-' ? await readAll(stdin) : await readNamed(file)
  return parseRequest(text, file === '-' ? 'stdin' : file)
}

export function parseRequest(text: string, name: string): RequestFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [fault] = document.errors
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0])
    const shown = text.split('\n')[line - 1] ?? ''
    throw unreadable(`${name}:${line}:${col} cannot be read: ${fault.message}`, [shown, `${' '.repeat(col - 1)}^`])
  }
  const value = toValue(document, name)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unreadable(
      value === null
        ? `${name} is empty.`
        : `${name} holds ${Array.isArray(value) ? 'a list' : JSON.stringify(value).slice(0, 40)}, not a request.`,
    )
  }
  return {
    value,
    lineOf: pointer => {
      const path = pointerParts(pointer)
      for (let depth = path.length; depth > 0; depth -= 1) {
        const node = document.getIn(path.slice(0, depth), true)
        if (isNode(node) && node.range) return `${name}:${lines.linePos(node.range[0]).line}`
      }
      return null
    },
  }
}

/** "#/resources/gpus" and "/resources/gpus" alike; numbers are indexes. */
export function pointerParts(pointer: string): string[] {
  return pointer
    .replace(/^#/, '')
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function toValue(document: ReturnType<typeof parseDocument>, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw unreadable(`${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

async function readNamed(file: string): Promise<string> {
  try {
    const bytes = await readFile(file)
    if (bytes.length > MAX_REQUEST_BYTES)
      throw unreadable(`${file} has ${bytes.length} bytes: no request is that long.`)
    return bytes.toString('utf8')
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const why: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a directory',
      EACCES: 'you may not read it',
    }
    throw unreadable(`${file} cannot be read: ${why[code] ?? code}.`)
  }
}

async function readAll(stdin: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of stdin) {
    const bytes = Buffer.from(part)
    size += bytes.length
    if (size > MAX_REQUEST_BYTES)
      throw unreadable(`stdin has more than ${MAX_REQUEST_BYTES} bytes: no request is that long.`)
    parts.push(bytes)
  }
  return Buffer.concat(parts).toString('utf8')
}

const unreadable = (message: string, facts: readonly string[] = []) =>
  new CliError('USAGE', message, { failed: 'Not submitted', facts })
