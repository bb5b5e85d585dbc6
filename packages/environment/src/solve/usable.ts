// Records of repodata before the solver sees them: what it would die of, or cannot be locked, is left out and counted; CUDA packages
// whose metadata says nothing of the driver are given the floor that follows from their version.
import { CUDA_PACKAGES } from '../gpu-packages.ts'
import { requirementsOf } from '../lock/requirements.ts'
import type { RepodataRecord } from './repodata-source.ts'

/** Longer ones are looked at: rattler recurses once for each bracket of a match spec (some 20,000 end it). */
const LONG_RECORD = 16_384
const LONGEST_LINE = 1000

/** A colon within a text, a text that begins as no name does, a pattern, an escape that could hide any of them. */
const SUSPICIOUS = /[^"\s]:|"\s*[^\w",:\]}\s]|[\\^]|channel/
/** A quotation mark within a text has a backslash: these are fields. */
const SHA256 = /"sha256"\s*:\s*"[0-9a-fA-F]{64}"/
const MD5 = /"md5"\s*:\s*"[0-9a-fA-F]{32}"/
const FILE = /^(.+)-([^-]+)-([^-]+)\.(?:conda|tar\.bz2)$/
const NAMES_A_PACKAGE = /^\s*\w[\w.-]*(?:$|[\s=<>!~[;])/

/**
 * Why it cannot be used, to stand behind "they have"; null: nothing is known against it. Records are texts, and most are never parsed:
 * one is only where a text suggests that it has to be.
 */
export function complaintOf({ fileName, text }: RepodataRecord): string | null {
  if (!SHA256.test(text)) return 'no sha256'
  if (!MD5.test(text)) return 'no md5'
  if (!namedAs(fileName, text)) return 'another name, version or build than their file'
  if (text.length <= LONG_RECORD && !SUSPICIOUS.test(text)) return null
  const lines = linesOf(text)
  if (lines === null) return 'what is no record of repodata'
  if (lines.some(line => line.length > LONGEST_LINE)) return 'a dependency that is no line'
  // rattler 0.3.5 in WebAssembly panics on a channel in a match spec ("Could not get current directory") and on a name that is a pattern.
  if (lines.some(line => line.includes(':') || /\bchannel\s*=/.test(line))) return 'a dependency on another channel'
  return lines.some(line => !NAMES_A_PACKAGE.test(line)) ? 'a dependency that names no package' : null
}

/** A lock takes all three from the address: one record that says otherwise would be the end of every lock that it comes into. */
function namedAs(fileName: string, text: string): boolean {
  const parts = FILE.exec(fileName)?.slice(1)
  return parts?.every(part => text.includes(`"${part}"`)) ?? false
}

/** By its file name: whatever name a record gives itself is for the solver to find wrong. */
export function withCudaFloor(name: string, record: RepodataRecord): string {
  if (!CUDA_PACKAGES.has(name)) return record.text
  const parsed = parsedRecord(record.text)
  if (parsed === null || typeof parsed.version !== 'string') return record.text
  const constrains = Array.isArray(parsed.constrains) ? parsed.constrains : []
  const floors = requirementsOf([{ name, version: parsed.version }]).map(one => `${one.name} ${one.requires}`)
  return JSON.stringify({ ...parsed, constrains: [...new Set([...constrains, ...floors])] })
}

/**
 * Whether rattler can read it: one record that it cannot ends the whole solve with "failed to extract repodata records". Asked only then.
 */
export function isReadable(record: RepodataRecord, readVersion: (text: string) => boolean): boolean {
  const one = parsedRecord(record.text)
  return (
    one !== null &&
    typeof one.name === 'string' &&
    /^[a-zA-Z0-9_.-]{1,128}$/.test(one.name) &&
    typeof one.version === 'string' &&
    one.version.length <= 100 &&
    readVersion(one.version) &&
    typeof one.build === 'string' &&
    isCount(one.build_number) &&
    isLines(one.depends ?? []) &&
    isLines(one.constrains ?? []) &&
    isHex(one.md5, 32) &&
    isHex(one.sha256, 64) &&
    isHex(one.legacy_bz2_md5 ?? null, 32) &&
    (one.size === undefined || one.size === null || isCount(one.size)) &&
    (one.timestamp === undefined || one.timestamp === null || isTime(one.timestamp)) &&
    (one.noarch === undefined || [null, true, false, 'python', 'generic'].includes(one.noarch as string)) &&
    ['license', 'license_family', 'features', 'arch', 'platform', 'subdir', 'python_site_packages_path'].every(key =>
      isText(one[key]),
    )
  )
}

export interface ParsedRecord {
  [key: string]: unknown
}

export function parsedRecord(text: string): ParsedRecord | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ParsedRecord) : null
  } catch {
    return null
  }
}

function linesOf(text: string): string[] | null {
  const record = parsedRecord(text)
  const lines = [record?.depends ?? [], record?.constrains ?? []]
  return record !== null && lines.every(isLines) ? (lines.flat() as string[]) : null
}

export const isLines = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(line => typeof line === 'string')

const isText = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string'
const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
/** Seconds or milliseconds up to the year 9999. */
const isTime = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) < 253_402_300_800_000
const isHex = (value: unknown, digits: number): boolean =>
  value === null || (typeof value === 'string' && value.length === digits && /^[0-9a-fA-F]+$/.test(value))
