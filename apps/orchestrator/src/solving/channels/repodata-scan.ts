// Finds the records in a document of repodata as its bytes come by, without ever holding the document: where each record stands, what it is
// named and what it depends on. Pure: bytes in, calls out. Whatever is not repodata is said in words.
//
//   {"info": {…}, "packages": {"FILE": {record}, …}, "packages.conda": {…}, "removed": […], "repodata_version": 1}

/** Not repodata, or not all of it. The message goes on behind "…/repodata.json": "is cut off". */
export class NotRepodata extends Error {
  override readonly name = 'NotRepodata'
}

export interface ScannedRecord {
  /** true: under `packages.conda`. */
  conda: boolean
  /** In bytes, of the file name's quotation mark. */
  offset: number
  /** In bytes, up to the record's closing brace. */
  length: number
  name: string
  depends: readonly string[]
}

export interface Scanned {
  records: number
  /** Records that no solver could read; they are left out. */
  malformed: number
  /** CEP 15: where the archives are, if not beside the document. */
  baseUrl: string | null
}

export interface RepodataScan {
  push(bytes: Buffer): void
  /** @throws NotRepodata where the document is not over yet, or is none */
  end(): Scanned
}

export const SCAN_LIMITS = {
  /** In bytes. The longest seen in the wild have some 20 kB. */
  record: 4 * 1024 * 1024,
  /** In bytes, of `info`. */
  info: 65_536,
  /** The largest channel there is has about 600,000 for a platform. */
  records: 4_000_000,
} as const

const OPEN = 0x7b
const CLOSE = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c

/** As conda-build names archives; what is named otherwise no address in a lock could hold. */
const FILE_NAME = /^[A-Za-z0-9_.+!-]{1,300}\.(?:conda|tar\.bz2)$/
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

type State = 'begin' | 'key' | 'colon' | 'value' | 'skipping' | 'after' | 'record' | 'after-record' | 'over'

/** @throws NotRepodata, from push and end */
export function createRepodataScan(onRecord: (record: ScannedRecord) => void): RepodataScan {
  let state: State = 'begin'
  /** What has come and is not dealt with; its first byte is at `base` in the document, `pos` is how far we are in it. */
  let held: Buffer = Buffer.alloc(0)
  let base = 0
  let pos = 0
  let key = ''
  /** Of the object that we are in: nothing has been read yet, so it may close. */
  let first = true
  let conda = false
  let sections = 0
  const found: Scanned = { records: 0, malformed: 0, baseUrl: null }
  const skip = { depth: 0, inString: false, escaped: false }

  /** Deals with what stands at pos; false: more bytes are needed for that. */
  const steps: Record<State, () => boolean> = {
    begin: () => {
      if (held[pos] !== OPEN)
        throw new NotRepodata(`is no JSON object: it begins with ${quoted(held.subarray(pos, pos + 40))}`)
      return enter('key')
    },
    key: () => {
      if (first && held[pos] === CLOSE) return move('over')
      const end = endOfString(held, pos)
      if (end === -1) return waitUpTo(SCAN_LIMITS.info)
      key = parsed(pos, end) as string
      pos = end
      state = 'colon'
      return true
    },
    colon: () => {
      if (held[pos] !== COLON) throw broken()
      return move('value')
    },
    value: () => {
      if (key === 'packages' || key === 'packages.conda') {
        if (held[pos] !== OPEN) throw new NotRepodata(`has no object under ${key}`)
        sections++
        conda = key === 'packages.conda'
        return enter('record')
      }
      if (key === 'info' && held[pos] === OPEN) {
        const end = endOfObject(held, pos)
        if (end === -1) return waitUpTo(SCAN_LIMITS.info)
        const info = parsed(pos, end) as { base_url?: unknown }
        found.baseUrl = typeof info.base_url === 'string' ? info.base_url : null
        pos = end
        state = 'after'
        return true
      }
      Object.assign(skip, { depth: 0, inString: false, escaped: false })
      state = 'skipping'
      return true
    },
    skipping: () => {
      if (!skipValue()) return false
      state = 'after'
      return true
    },
    after: () => {
      if (held[pos] === COMMA) return enter('key', false)
      if (held[pos] === CLOSE) return move('over')
      throw broken()
    },
    record: () => {
      if (first && held[pos] === CLOSE) return move('after')
      const keyEnd = endOfString(held, pos)
      const colon = keyEnd === -1 ? -1 : afterSpace(held, keyEnd)
      if (colon !== -1 && held[colon] !== COLON) throw broken(colon)
      const start = colon === -1 ? -1 : afterSpace(held, colon + 1)
      if (start !== -1 && held[start] !== OPEN) throw broken(start)
      const end = start === -1 ? -1 : endOfObject(held, start)
      if (end === -1) return waitUpTo(SCAN_LIMITS.record)
      tell(keyEnd, start, end)
      pos = end
      state = 'after-record'
      return true
    },
    'after-record': () => {
      if (held[pos] === COMMA) return enter('record', false)
      if (held[pos] === CLOSE) return move('after')
      throw broken()
    },
    over: () => {
      throw broken()
    },
  }

  const move = (to: State): true => {
    pos++
    state = to
    return true
  }
  const enter = (to: State, isFirst = true): true => {
    first = isFirst
    return move(to)
  }
  const waitUpTo = (limit: number): false => {
    if (held.length - pos <= limit) return false
    throw new NotRepodata(`has an entry of more than ${limit.toLocaleString('en')} bytes at byte ${base + pos}`)
  }
  const broken = (at = pos): NotRepodata =>
    new NotRepodata(`is no JSON: at byte ${base + at} it goes on with ${quoted(held.subarray(at, at + 20))}`)
  const parsed = (from: number, to: number): unknown => {
    try {
      return JSON.parse(held.toString('utf8', from, to))
    } catch {
      throw broken()
    }
  }

  /** Takes bytes of a value that nobody reads; true: it ends at pos. */
  const skipValue = (): boolean => {
    for (; pos < held.length; pos++) {
      const byte = held[pos]
      if (skip.inString) {
        if (skip.escaped) skip.escaped = false
        else if (byte === BACKSLASH) skip.escaped = true
        else if (byte === QUOTE) skip.inString = false
      } else if (byte === QUOTE) skip.inString = true
      else if (byte === OPEN || byte === OPEN_LIST) skip.depth++
      else if (byte === CLOSE || byte === CLOSE_LIST || byte === COMMA) {
        if (skip.depth === 0) return true
        if (byte !== COMMA) skip.depth--
      }
    }
    return false
  }

  const tell = (keyEnd: number, start: number, end: number): void => {
    const record = parsed(start, end) as { name?: unknown; version?: unknown; build?: unknown; depends?: unknown }
    const { name, version, build, depends } = record
    const plain =
      FILE_NAME.test(held.toString('latin1', pos + 1, keyEnd - 1)) &&
      typeof name === 'string' &&
      NAME.test(name) &&
      typeof version === 'string' &&
      typeof build === 'string' &&
      Array.isArray(depends) &&
      depends.every(one => typeof one === 'string')
    if (!plain) {
      found.malformed++
      return
    }
    if (++found.records > SCAN_LIMITS.records)
      throw new NotRepodata(`has more than ${SCAN_LIMITS.records.toLocaleString('en')} records`)
    onRecord({ conda, offset: base + pos, length: end - pos, name, depends })
  }

  return {
    push: bytes => {
      base += pos
      held = pos < held.length ? Buffer.concat([held.subarray(pos), bytes]) : bytes
      pos = 0
      for (;;) {
        // Inside a value that is skipped a space may be one of a string.
        if (state !== 'skipping') {
          const next = afterSpace(held, pos)
          pos = next === -1 ? held.length : next
        }
        if (pos >= held.length || !steps[state]()) return
      }
    },
    end: () => {
      if (state === 'begin') throw new NotRepodata('is empty')
      if (state !== 'over') throw new NotRepodata(`is cut off after ${(base + held.length).toLocaleString('en')} bytes`)
      if (sections === 0) throw new NotRepodata('has neither packages nor packages.conda')
      if (found.records === 0 && found.malformed > 0)
        throw new NotRepodata(`has ${found.malformed} records, none of which has a name, version, build and depends`)
      return found
    },
  }
}

/** Behind the closing quotation mark; -1: it has not come yet. */
function endOfString(bytes: Buffer, from: number): number {
  if (bytes[from] !== QUOTE)
    throw new NotRepodata(`is no JSON: where a name should be is ${quoted(bytes.subarray(from, from + 20))}`)
  for (let at = from + 1; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === BACKSLASH) at++
    else if (byte === QUOTE) return at + 1
  }
  return -1
}

/** Behind the closing brace; -1: it has not come yet. Brackets are JSON.parse's business. */
function endOfObject(bytes: Buffer, from: number): number {
  let depth = 0
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++
    } else if (byte === OPEN) depth++
    else if (byte === CLOSE && --depth === 0) return at + 1
  }
  return -1
}

/** -1: there is nothing but space. */
function afterSpace(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
  }
  return -1
}

/** For a sentence: what can be printed of it. */
const quoted = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '?'))
