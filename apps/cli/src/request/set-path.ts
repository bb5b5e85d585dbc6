// --set path=value, such as training.epochs=1000 or labels.team=tuna. The value reads as in the file: 10 is a number,
// '"10"' a text, null, true and [a, b] what they look like. Whether the field exists is the server's to say.
import { parse } from 'yaml'
import { CliError } from '../errors.ts'

export type Setting = { path: readonly string[]; value: unknown }

export function parseSetting(text: string): Setting {
  const at = text.indexOf('=')
  const path = text.slice(0, at).split('.')
  if (at < 1 || path.some(part => part === '' || part === '__proto__')) {
    throw new CliError('USAGE', `--set ${text} is not path=value.`, { fix: ['--set training.epochs=1000'] })
  }
  const written = text.slice(at + 1)
  try {
    return { path, value: parse(written) }
  } catch (cause) {
    throw new CliError('USAGE', `--set ${path.join('.')}: "${written}" cannot be read.`, {
      fix: [`Quote it twice to mean the text itself: --set '${path.join('.')}="${written.replaceAll('"', '')}"'`],
      cause,
    })
  }
}

type Branch = Record<string, unknown>
const isBranch = (value: unknown): value is Branch => typeof value === 'object' && value !== null

/** A copy with the value in place; missing branches are made, an index goes into a list. */
export function setPath(request: unknown, { path, value }: Setting): unknown {
  const [part, ...rest] = path
  if (part === undefined) return value
  if (request !== undefined && request !== null && !isBranch(request)) {
    throw new CliError('USAGE', `--set: "${part}" cannot stand under ${JSON.stringify(request)}.`)
  }
  if (Array.isArray(request)) {
    const index = Number(part)
    if (!Number.isInteger(index) || index < 0 || index > request.length) {
      throw new CliError('USAGE', `--set: the list has ${request.length} entries, there is no place "${part}".`)
    }
    return request.toSpliced(index, 1, setPath(request[index], { path: rest, value }))
  }
  const branch: Branch = request ?? {}
  const below = Object.hasOwn(branch, part) ? branch[part] : undefined
  return { ...branch, [part]: setPath(below, { path: rest, value }) }
}
