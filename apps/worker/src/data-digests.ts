// What a run was fed with: bytes and sha256 of every file that its training reads, found beside the training and recorded in its result.
// A rerun says what they have to be: that is looked at before anything is trained.
import { type DataDigest, dataPathsOf, type JobSpec, type RunFailure } from '@trotline/contracts'
import { sha256OfFile, stateOfFile } from './sha256-file.ts'

export interface DataDigests {
  /** null: the data is what the spec expects of it, or it expects nothing. */
  check(stop: AbortSignal): Promise<RunFailure | null>
  /** Files are hashed from here on, one after the other. Resolves when it is known as what each of them is found now. */
  begin(): Promise<void>
  /** What there is to say of them. Where `enough` is aborted what is not hashed by then is told without a sha256. Never rejects. */
  settled(enough: AbortSignal): Promise<DataDigest[]>
}

/** Larger ones are told by their size alone: at 400 MB/s this one takes 20 s. */
const MOST_BYTES = 8 * 2 ** 30
/** As the contract has room for. */
const MOST_FILES = 64

export function createDataDigests(
  { training, expectData }: Pick<JobSpec, 'training' | 'expectData'>,
  say: (line: string) => void,
  mostBytes = MOST_BYTES,
): DataDigests {
  const paths = dataPathsOf(training)
  const known = new Map<string, DataDigest>()
  const atBegin = new Map<string, string | null>()
  const enough = new AbortController()
  let underWay: Promise<void> = Promise.resolve()

  /** @returns `why`: what keeps its sha256 from being known */
  async function add(path: string, stop: AbortSignal): Promise<Found> {
    const found = await sha256OfFile(path, { mostBytes, stop })
    if ('missing' in found) return found
    // Which of its states the training has read is anybody's guess.
    const late = atBegin.has(path) && atBegin.get(path) !== found.state
    const why = late ? 'it was written to after the training had begun' : found.why
    if (why !== null) say(`the sha256 of ${path} is not recorded: ${why}`)
    const digest = { path, bytes: found.bytes, sha256: late ? null : found.sha256 }
    known.set(path, digest)
    return { ...digest, why }
  }

  async function addAll(): Promise<void> {
    for (const path of paths.slice(0, MOST_FILES)) {
      if (known.has(path)) continue
      const added = await add(path, enough.signal)
      // The training says so itself, if it has to read it.
      if ('missing' in added) say(`the data of the run is not recorded: ${path} ${added.missing}`)
    }
    if (paths.length > MOST_FILES)
      say(`the data of the run is recorded of ${MOST_FILES} files, and it has ${paths.length}`)
  }

  return {
    async check(stop) {
      const changed: string[] = []
      let missing = 0
      for (const expected of expectData) {
        const found = await add(expected.path, stop)
        if (stop.aborted) return null
        const difference = differenceOf(expected, found)
        if (difference === null) continue
        if ('missing' in found) missing += 1
        changed.push(`${expected.path} ${difference}`)
      }
      const [first, ...others] = changed
      if (first === undefined) return null
      const more = others.length === 0 ? '' : ` So it is with ${others.length} more of its files.`
      return {
        reason: 'training',
        code: missing === changed.length ? 'data-missing' : 'data-changed',
        detail: `The data is not what the training is to be repeated with: ${first}.${more}`,
        evidence: changed.slice(0, 16).map(line => line.slice(0, 1000)),
      }
    },
    begin() {
      const noted = Promise.all(
        paths.slice(0, MOST_FILES).map(async path => void atBegin.set(path, await stateOfFile(path))),
      )
      underWay = noted.then(addAll)
      return noted.then(() => undefined)
    },
    async settled(signal) {
      const stop = (): void => enough.abort()
      signal.addEventListener('abort', stop)
      if (signal.aborted) stop()
      await underWay
      signal.removeEventListener('abort', stop)
      return paths.flatMap(path => known.get(path) ?? [])
    },
  }
}

type Found = (DataDigest & { why: string | null }) | { missing: string }

function differenceOf(expected: DataDigest, found: Found): string | null {
  if ('missing' in found) return found.missing
  // Not compared is not the same.
  if (expected.sha256 !== null && found.why !== null && found.bytes === expected.bytes)
    return `cannot be compared with sha256 ${expected.sha256.slice(0, 16)}…: ${found.why}`
  const differs =
    found.bytes !== expected.bytes ||
    // Of one that is too large nobody knows more than its size, then as now.
    (expected.sha256 !== null && found.sha256 !== null && found.sha256 !== expected.sha256)
  return differs ? `has ${textOf(found)}, and ${textOf(expected)} are expected` : null
}

const textOf = ({ bytes, sha256 }: DataDigest): string =>
  `${bytes} bytes${sha256 === null ? '' : ` (sha256 ${sha256.slice(0, 16)}…)`}`
