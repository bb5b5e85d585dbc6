// Reads a request from a file or stdin, YAML or JSON (which is YAML), and remembers where each field stands:
// the server's findings point into the body, people look for a line in their file.
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { CliError } from '../errors.ts'
import { readText } from './read-text.ts'

export type RequestFile = {
  value: unknown
  /** "auto-mpg.yml:7" for a JSON pointer, or for the nearest field above it; null where the file has no such place. */
  lineOf(pointer: string): string | null
}

/** Many times a request; the server's own limit answers 413. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024

export async function readRequest(file: string, stdin: NodeJS.ReadableStream): Promise<RequestFile> {
  const text = await readText(file, stdin, { most: MAX_REQUEST_BYTES, failed: 'Not submitted' })
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
    lineOf: pointer => lineInYaml(document, lines, pointer, name),
  }
}

/** Of the place, or the nearest above it; null where the document has none. */
export function lineInYaml(document: Document, lines: LineCounter, pointer: string, name: string): string | null {
  const path = pointerParts(pointer)
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true)
    if (isNode(node) && node.range) return `${name}:${lines.linePos(node.range[0]).line}`
  }
  return null
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

const unreadable = (message: string, facts: readonly string[] = []) =>
  new CliError('USAGE', message, { failed: 'Not submitted', facts })
