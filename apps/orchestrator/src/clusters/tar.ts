// Small text files as one tar stream (POSIX ustar, man 5 tar): every login node can read it, and with one process.

export interface TarEntry {
  /** Relative, at most 100 bytes; a folder ends in `/`. */
  path: string
  mode: number
  content?: string
  /** Seconds since 1970; default 0, which is the reader's own with -m. */
  modifiedSeconds?: number
}

const BLOCK = 512
const MAX_PATH_BYTES = 100
const CHECKSUM_AT = 148

/** @throws TypeError for a path that does not fit: ours are all short */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  const sizes = entries.map(({ content = '' }) => Buffer.byteLength(content))
  const total = sizes.reduce((sum, bytes) => sum + BLOCK + inBlocks(bytes), 2 * BLOCK)
  const stream = Buffer.alloc(total)
  let at = 0
  for (const [i, entry] of entries.entries()) {
    const bytes = sizes[i] ?? 0
    writeHeader(stream.subarray(at, at + BLOCK), entry, bytes)
    stream.write(entry.content ?? '', at + BLOCK)
    at += BLOCK + inBlocks(bytes)
  }
  return stream
}

const inBlocks = (bytes: number): number => Math.ceil(bytes / BLOCK) * BLOCK

function writeHeader(header: Buffer, { path, mode, modifiedSeconds = 0 }: TarEntry, bytes: number): void {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new TypeError(`too long for a tar header: ${path}`)
  const octal = (value: number, at: number, digits: number): void => {
    header.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  }
  header.write(path, 0)
  octal(mode, 100, 7)
  // Owner and group are the reader's own: --no-same-owner.
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(bytes, 124, 11)
  octal(modifiedSeconds, 136, 11)
  header.write(path.endsWith('/') ? '5' : '0', 156, 'latin1')
  header.write('ustar\u000000', 257, 'latin1')
  // The sum of all bytes, the checksum's own counted as spaces.
  let sum = 8 * 0x20
  for (const byte of header) sum += byte
  octal(sum, CHECKSUM_AT, 6)
  header[CHECKSUM_AT + 7] = 0x20
}
