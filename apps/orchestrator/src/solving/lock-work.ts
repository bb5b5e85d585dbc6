// What is done with whole locks, which may have 5,000 packages and eight million characters: read from a request, written in another form,
// compared. Pure; a thread does it where it would take long (lock-desk.ts).
import type { CondaPlatform, EnvironmentDiff, EnvironmentLock } from '@trotline/contracts'
import {
  canonicalJson,
  diffLocks,
  diffText,
  type LockFormat,
  type PlacedFinding,
  readLock,
  requirementsInWords,
  type WrittenLock,
  writeLock,
} from '@trotline/environment'
import { DEEPEST_BODY, isDeeper, TOO_DEEP } from './body-depth.ts'

/** A lock as everything but a judge needs it. */
export interface LockSummary {
  id: string
  /** The text whose sha256 is the id. */
  canonical: string
  platform: CondaPlatform
  packages: number
  pipPackages: number
  requirements: string[]
}

export type LockRead = { ok: true; lock: LockSummary; notes: string[] } | { ok: false; findings: PlacedFinding[] }

export type OpenedRequest =
  | { json: false; why: string }
  /** `rest`: the request with an empty lock of the same kind in place of its own; null: too much besides the lock. */
  | { json: true; rest: unknown; lock: LockRead | null }

/** In characters. Strings and lists of a spec at its limits have about 1 MB, as has all of a bundle that is no lock. */
const MOST_BESIDES = 2_000_000

/** The JSON of a POST, with its lock read. */
export function openRequest(body: Uint8Array): OpenedRequest {
  const parsed = parse(body)
  if ('why' in parsed) return parsed
  const { request } = parsed
  if (!isObject(request) || !('lock' in request)) return { json: true, rest: small(request), lock: null }
  const { lock, ...others } = request
  const platform = platformIn(others)
  if (typeof lock === 'string')
    return { json: true, rest: small({ ...others, lock: '' }), lock: lockRead(readLock(lock, { platform })) }
  if (isObject(lock))
    return {
      json: true,
      rest: small({ ...others, lock: {} }),
      lock: lockRead(readLock(JSON.stringify(lock), { platform })),
    }
  return { json: true, rest: small({ ...others, lock: typeof lock === 'number' ? lock : null }), lock: null }
}

/** As `openRequest`, of a request with a bundle: its lock lies within, as an object, and null is left in its place. */
export function openBundle(body: Uint8Array): OpenedRequest {
  const parsed = parse(body)
  if ('why' in parsed) return parsed
  const { request } = parsed
  const bundle = isObject(request) ? request.bundle : null
  if (!isObject(request) || !isObject(bundle) || !isObject(bundle.lock))
    return { json: true, rest: small(request), lock: null }
  const lock = lockRead(readLock(JSON.stringify(bundle.lock)))
  return { json: true, rest: small({ ...request, bundle: { ...bundle, lock: null } }), lock }
}

function parse(body: Uint8Array): { request: unknown } | { json: false; why: string } {
  try {
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
    const request: unknown = JSON.parse(text, refusePrototypes)
    if (isDeeper(request, DEEPEST_BODY)) return { json: false, why: TOO_DEEP }
    return { request }
  } catch (error) {
    return { json: false, why: error instanceof PrototypeError ? error.message : 'The body is not JSON.' }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Of a file with several platforms the target's is meant. */
function platformIn(request: object): string | undefined {
  const target = 'target' in request && isObject(request.target) ? request.target : {}
  return typeof target.platform === 'string' ? target.platform : undefined
}

class PrototypeError extends Error {}

/** As Fastify's own parser: such a key is an attack, or a mistake. */
function refusePrototypes(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new PrototypeError('The body has a key "__proto__".')
  return value
}

const small = (rest: unknown): unknown => (JSON.stringify(rest).length > MOST_BESIDES ? null : rest)

function lockRead(reading: ReturnType<typeof readLock>): LockRead {
  if (!reading.ok) return reading
  const { id, lock } = reading.value
  return { ok: true, lock: summaryOfLock(id, lock, canonicalJson(lock)), notes: reading.notes.map(note => note.detail) }
}

export const summaryOfLock = (id: string, lock: EnvironmentLock, canonical: string): LockSummary => ({
  id,
  canonical,
  platform: lock.platform,
  packages: lock.conda.length,
  pipPackages: lock.pip.length,
  requirements: requirementsInWords(lock),
})

/** @param canonical as the store has it */
export function writeLockAs(id: string, canonical: string, format: LockFormat): WrittenLock {
  return writeLock({ id, lock: lockOf(canonical) }, format)
}

export function diffOf(from: LockSide, to: LockSide): EnvironmentDiff {
  const diff = diffLocks(lockOf(from.canonical), lockOf(to.canonical))
  const changes = diff.changes.map(change => ({
    kind: change.kind,
    name: change.name,
    from: change.from,
    to: change.to,
  }))
  return { from: from.id, to: to.id, text: diffText(diff).join('\n'), changes }
}
export type LockSide = Pick<LockSummary, 'id' | 'canonical'>

/** What is kept was held against its schema before. */
const lockOf = (canonical: string): EnvironmentLock => JSON.parse(canonical) as EnvironmentLock
