// Configuration files: trotline.yaml of a project, config.yaml of a user and of the machine. YAML, as requests are.
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isMap, parseDocument } from 'yaml'
import { CliError } from '../errors.ts'
import { ConfigFile, type ConfigKey } from './config-keys.ts'

export const PROJECT_FILE = 'trotline.yaml'
export const SYSTEM_FILE = '/etc/trotline/config.yaml'
export const userFile = (configHome: string): string => join(configHome, 'trotline', 'config.yaml')

const MOST_BYTES = 65_536

/** The nearest trotline.yaml, from here upwards; null: there is none. */
export function projectFile(cwd: string): string | null {
  for (let at = cwd; ; at = dirname(at)) {
    const file = join(at, PROJECT_FILE)
    if (existsSync(file)) return file
    if (dirname(at) === at) return null
  }
}

/** Empty where there is no such file. @throws CliError USAGE that names file and field */
export function readConfigFile(file: string): ConfigFile {
  if (!existsSync(file)) return {}
  const document = parseDocument(textOf(file), { prettyErrors: true })
  const [fault] = document.errors
  if (fault !== undefined) throw unusable(file, fault.message.split('\n')[0] ?? 'it is not YAML')
  const parsed = ConfigFile.safeParse(document.toJS({ maxAliasCount: 10 }) ?? {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue?.path.join('.') ?? ''
  throw unusable(file, `${where}${where === '' ? '' : ': '}${issue?.message ?? ''}`)
}

/** Comments and whatever else stands there stay. */
export function setInFile(file: string, key: ConfigKey, value: string | number | null): void {
  const document = parseDocument(existsSync(file) ? textOf(file) : '')
  if (document.errors.length > 0 || (document.contents !== null && !isMap(document.contents)))
    throw unusable(file, 'it is not a list of fields, and is left as it is')
  if (value === null) document.delete(key)
  else document.set(key, value)
  const text = document.toString()
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeWhole(file, text.trim() === '{}' || text.trim() === 'null' ? '' : text, 0o644)
}

/** Beside it, then renamed: whoever reads sees the old or the new. */
export function writeWhole(file: string, text: string, mode: number): void {
  const beside = `${file}.${process.pid}.new`
  writeFileSync(beside, text, { mode, flag: 'w' })
  renameSync(beside, file)
}

function textOf(file: string): string {
  try {
    if (statSync(file).size > MOST_BYTES) throw unusable(file, `it has more than ${MOST_BYTES} bytes`)
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    throw unusable(file, cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause))
  }
}

const unusable = (file: string, why: string): CliError =>
  new CliError('USAGE', `The configuration file ${file} cannot be used: ${why}.`, {
    fix: ['Mend that line; trotline config list shows what may stand there.'],
  })
