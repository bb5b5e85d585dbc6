// A tar archive from anywhere, read strictly and into memory only: plain files and folders with plain names, nothing else. A link, a
// device, a path that leads out, a second file of one name, a wrong checksum or a cut end refuses the whole.
import { CliError } from '../errors.ts'

const BLOCK = 512
const MOST_ENTRIES = 64
/** POSIX ustar and GNU's older form, man 5 tar. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/

/** By path. @throws CliError USAGE */
export function readTar(archive: Uint8Array, name: string): Map<string, Uint8Array> {
  const refuse = (why: string): CliError =>
    new CliError('USAGE', `${name} is no bundle of Trotline: ${why}.`, { fix: ['trotline bundle JOB writes one.'] })
  const files = new Map<string, Uint8Array>()
  let entries = 0
  for (let at = 0; ; ) {
    const header = archive.subarray(at, at + BLOCK)
    if (header.length < BLOCK) throw refuse('the archive is cut short')
    // Two empty blocks end it; whatever follows is filling.
    if (header.every(byte => byte === 0)) return files
    if (!hasItsChecksum(header)) throw refuse('the archive is damaged (a checksum is wrong)')
    entries += 1
    if (entries > MOST_ENTRIES) throw refuse(`it has more than ${MOST_ENTRIES} files`)
    const path = text(header, 0, 100).replace(/^\.\//, '').replace(/\/$/, '')
    const type = String.fromCharCode(header[156] ?? 0)
    if (path === '' || !NAME.test(path) || text(header, 345, 155) !== '')
      throw refuse('a file in it has a name that no bundle has')
    const isFile = type === '0' || type === '\0'
    if (!isFile && type !== '5') throw refuse(`${path} is neither a file nor a folder`)
    const size = octal(header, 124, 12)
    if (size === null || (!isFile && size > 0)) throw refuse(`the size of ${path} cannot be read`)
    const begin = at + BLOCK
    if (begin + size > archive.length) throw refuse('the archive is cut short')
    if (isFile) {
      if (files.has(path)) throw refuse(`${path} is in it twice`)
      files.set(path, archive.subarray(begin, begin + size))
    }
    at = begin + Math.ceil(size / BLOCK) * BLOCK
  }
}

function text(header: Uint8Array, at: number, length: number): string {
  const bytes = header.subarray(at, at + length)
  const end = bytes.indexOf(0)
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString('latin1')
}

/** null: no octal number, such as the binary one of files past 8 GiB. */
function octal(header: Uint8Array, at: number, length: number): number | null {
  const digits = text(header, at, length).trim()
  return /^[0-7]{1,11}$/.test(digits) ? Number.parseInt(digits, 8) : null
}

/** The sum of all bytes, the checksum's own counted as spaces. */
function hasItsChecksum(header: Uint8Array): boolean {
  let sum = 0
  for (let at = 0; at < BLOCK; at += 1) sum += at >= 148 && at < 156 ? 0x20 : (header[at] ?? 0)
  return octal(header, 148, 8) === sum
}
