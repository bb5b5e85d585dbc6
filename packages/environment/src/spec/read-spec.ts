// environment.yml, as text or as the object that JSON makes of it: a spec that can be solved, or every line that cannot, by
// name and place. Nothing is fetched, and no line reaches a shell or an installer before it was read here.
import { EnvironmentSpec, SPEC_LIMITS } from '@trotline/contracts'
import { type Complaint, type Place, type PlacedFinding, placed, type Reading, refused, shown } from '../reading.ts'
import { readYaml } from '../yaml-text.ts'
import { channelComplaint, sameChannelText } from './channel-line.ts'
import { condaComplaint } from './conda-line.ts'
import { pipComplaint } from './pip-line.ts'

const WHAT = 'environment.yml'
/** The file, a list, a map, and the list of pip. */
const DEPTH = 4

/**
 * Notes say what was left out or taken for granted: a `prefix`, a missing list of channels, a line that stands twice.
 * Places are lines and columns of the text; of an object there are none.
 */
export function readSpec(written: unknown): Reading<EnvironmentSpec> {
  if (typeof written !== 'string') return specOf(written, () => ({ line: null, column: null }))
  const yaml = readYaml(written, WHAT, { ...SPEC_LIMITS, depth: DEPTH })
  return yaml.ok ? specOf(yaml.value.value, yaml.value.placeOf) : yaml
}

interface Notebook {
  findings: PlacedFinding[]
  notes: PlacedFinding[]
  placeOf: (pointer: string) => Place
}

function specOf(value: unknown, placeOf: (pointer: string) => Place): Reading<EnvironmentSpec> {
  const book: Notebook = { findings: [], notes: [], placeOf }
  if (!isMap(value)) {
    refuse(book, '', {
      detail: `${WHAT} is not a map with channels and dependencies.`,
      required: 'channels: and dependencies:, each with a list',
    })
    return refused(book.findings)
  }
  refuseKeys(value, book)
  const name = nameOf(value.name, book)
  const channels = channelsOf(value.channels, book)
  const dependencies = dependenciesOf(value.dependencies, book)
  if (book.findings.length > 0) return refused(book.findings)
  const spec = EnvironmentSpec.safeParse({ ...(name === undefined ? {} : { name }), channels, dependencies })
  if (spec.success) return { ok: true, value: spec.data, notes: book.notes }
  for (const issue of spec.error.issues) {
    const pointer = issue.path.map(part => `/${String(part)}`).join('')
    refuse(book, pointer, { detail: `${pointer.slice(1).replaceAll('/', '.') || WHAT} ${issue.message}.` })
  }
  return refused(book.findings)
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function refuse(book: Notebook, pointer: string, complaint: Complaint): void {
  book.findings.push(placed(complaint, pointer, book.placeOf(pointer)))
}

function note(book: Notebook, pointer: string, complaint: Complaint): void {
  book.notes.push(placed(complaint, pointer, book.placeOf(pointer)))
}

const READ = new Set(['name', 'channels', 'dependencies', 'prefix'])

function refuseKeys(value: Record<string, unknown>, book: Notebook): void {
  for (const key of Object.keys(value).slice(0, 100)) {
    const pointer = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (key === 'prefix')
      note(book, pointer, {
        detail: 'prefix is left out: where an environment lies is decided by its lock, and not by the file.',
      })
    else if (key === 'variables')
      refuse(book, pointer, {
        detail: 'variables are not read: a lock names packages, and would lose them without a word.',
        hint: 'Take them out, and set them where the job is described.',
      })
    else if (!READ.has(key))
      refuse(book, pointer, {
        detail: `${shown(key)} is no key of an environment.yml.`,
        required: 'name, channels, dependencies',
        found: key.slice(0, 80),
      })
  }
}

function nameOf(value: unknown, book: Notebook): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string' && EnvironmentSpec.shape.name.safeParse(value).success) return value
  refuse(book, '/name', {
    detail: `${shown(String(value))} is no name: letters, digits, ".", "_" and "-", at most 64.`,
    required: 'letters, digits, ".", "_" and "-", at most 64',
  })
  return undefined
}

/** Texts of a list; what is none is refused where it stands. */
function listOf(value: unknown, pointer: string, most: number, book: Notebook): readonly unknown[] {
  const name = pointer.slice(1).replaceAll('/', '.')
  if (!Array.isArray(value)) {
    refuse(book, pointer, { detail: `${name} is not a list.`, required: 'a list: lines that begin with "- "' })
    return []
  }
  if (value.length > most)
    refuse(book, `${pointer}/${most}`, {
      detail: `${name} has ${value.length} entries; at most ${most} are read.`,
      required: `at most ${most}`,
      found: String(value.length),
    })
  return value.slice(0, most)
}

function textOf(value: unknown, pointer: string, most: number, book: Notebook): string | null {
  if (typeof value === 'string' && value.trim() !== '') {
    if (value.length <= most) return value.trim()
    refuse(book, pointer, {
      detail: `${shown(value)} has ${value.length} characters; at most ${most} are read.`,
      required: `at most ${most} characters`,
    })
    return null
  }
  const found =
    typeof value === 'string' ? 'nothing' : Array.isArray(value) ? 'a list' : value === null ? 'nothing' : typeof value
  refuse(book, pointer, {
    detail: `${pointer.slice(1).replaceAll('/', '.')} is ${found}, not text.`,
    required: 'text',
    ...(typeof value === 'number' ? { hint: 'Put it into quotes.' } : {}),
  })
  return null
}

function channelsOf(value: unknown, book: Notebook): string[] {
  if (value === undefined) {
    note(book, '', {
      detail: 'No channels are named: defaults is asked, as conda does.',
      hint: 'Write channels: with the channels that are meant.',
    })
    return ['defaults']
  }
  const channels: string[] = []
  const before = book.findings.length
  listOf(value, '/channels', SPEC_LIMITS.channels, book).forEach((entry, i) => {
    const pointer = `/channels/${i}`
    const text = textOf(entry, pointer, SPEC_LIMITS.line, book)
    // Only what is named here is asked, so that the word changes nothing.
    if (text === null || text === 'nodefaults') return
    const complaint = channelComplaint(text)
    if (complaint !== null) refuse(book, pointer, complaint)
    else if (channels.some(one => sameChannelText(one) === sameChannelText(text)))
      note(book, pointer, { detail: `The channel ${text} is named already: its first place counts.` })
    else channels.push(text)
  })
  if (channels.length === 0 && book.findings.length === before)
    refuse(book, '/channels', { detail: 'No channel is left to ask.', required: 'at least one channel' })
  return channels
}

function dependenciesOf(value: unknown, book: Notebook): EnvironmentSpec['dependencies'] {
  if (value === undefined) {
    refuse(book, '', { detail: 'dependencies are missing.', required: 'dependencies: with a list of packages' })
    return []
  }
  const conda: string[] = []
  let pip: { at: string; lines: string[] } | null = null
  const order: EnvironmentSpec['dependencies'] = []
  const before = book.findings.length
  listOf(value, '/dependencies', SPEC_LIMITS.dependencies, book).forEach((entry, i) => {
    const pointer = `/dependencies/${i}`
    if (isMap(entry)) {
      const keys = Object.keys(entry)
      const other = keys.find(key => key !== 'pip')
      if (keys.length !== 1 || other !== undefined) {
        const at = other === undefined ? pointer : `${pointer}/${other.replaceAll('~', '~0').replaceAll('/', '~1')}`
        refuse(book, at, {
          detail: `${shown(other ?? '')} cannot stand among the dependencies: besides packages there is only one list, pip:.`,
          required: 'a package, or pip: with a list',
          hint: 'A package with a colon in it is put into quotes.',
        })
      } else if (pip !== null)
        refuse(book, `${pointer}/pip`, {
          detail: 'There are two pip lists.',
          required: 'one pip list',
          hint: 'Join them.',
        })
      else {
        pip = { at: pointer, lines: pipLinesOf(entry.pip, `${pointer}/pip`, book) }
        if (pip.lines.length > 0) order.push({ pip: pip.lines })
      }
      return
    }
    const text = textOf(entry, pointer, SPEC_LIMITS.line, book)
    if (text === null) return
    const complaint = condaComplaint(text)
    if (complaint !== null) refuse(book, pointer, complaint)
    else if (conda.includes(text)) note(book, pointer, { detail: `${text} stands there already.` })
    else {
      conda.push(text)
      order.push(text)
    }
  })
  if (order.length === 0 && book.findings.length === before)
    refuse(book, '/dependencies', { detail: 'There is no package to install.', required: 'at least one package' })
  const list: { at: string; lines: string[] } | null = pip
  if (list !== null && !conda.some(line => /^(?:.*::)?pip(?![A-Za-z0-9_.-])/.test(line)))
    note(book, (list as { at: string }).at, {
      detail: 'There is a pip list, and pip is not among the dependencies.',
      hint: 'Write "- pip" above it.',
    })
  return order
}

function pipLinesOf(value: unknown, pointer: string, book: Notebook): string[] {
  const lines: string[] = []
  listOf(value, pointer, SPEC_LIMITS.pip, book).forEach((entry, i) => {
    const at = `${pointer}/${i}`
    const text = textOf(entry, at, 2000, book)
    if (text === null) return
    // A remark within quotes; pip reads none of it.
    if (text.startsWith('#')) return
    const complaint = pipComplaint(text)
    if (complaint !== null) refuse(book, at, complaint)
    else if (lines.includes(text)) note(book, at, { detail: `${text} stands there already.` })
    else lines.push(text)
  })
  return lines
}
