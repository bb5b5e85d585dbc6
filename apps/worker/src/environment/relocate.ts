// Moves an environment: the prefix that installers wrote into its files becomes the one where it lies now. In text it is replaced; in binary
// files every string keeps its length and is filled up with zero bytes, as conda's portability.py does it, so the new prefix may not be longer.
import { chmodSync, closeSync, openSync, readFileSync, readSync, statSync, writeFileSync, writeSync } from 'node:fs'

export interface Relocation {
  from: string
  to: string
}

/** As conda's packages declare it (file_mode); null: nobody does, and a zero byte tells. */
export type FileMode = 'text' | 'binary' | null

/** null: it can be moved there. Else why not, in a sentence. */
export function cannotRelocate({ from, to }: Relocation): string | null {
  const [wanted, room] = [Buffer.byteLength(to), Buffer.byteLength(from)]
  if (wanted <= room) return null
  return `An environment made at ${from} cannot be moved to ${to}: its files have room for ${room} characters, and that path has ${wanted}. Choose a scratch folder with a shorter path.`
}

export function relocateText(text: Buffer, { from, to }: Relocation): Buffer {
  // One byte a character: nothing is lost of what is no UTF-8.
  const [old, now] = [Buffer.from(from).toString('latin1'), Buffer.from(to).toString('latin1')]
  return Buffer.from(
    text.toString('latin1').replaceAll(old, () => now),
    'latin1',
  )
}

/** One string of a binary file, without the zero byte at its end: of the same length. */
export function relocateString(text: Buffer, relocation: Relocation): Buffer {
  const moved = relocateText(text, relocation)
  return Buffer.concat([moved, Buffer.alloc(text.length - moved.length)])
}

/** A text of more than this has no prefix in it that matters. */
const MOST_TEXT = 268_435_456
const CHUNK_BYTES = 1_048_576
/** No string in a program is longer: what follows is no string. */
const MOST_STRING = 1_048_576

/** Writes into the file itself, read-only or not; its mode stays, and its mtime tells Python that the .pyc beside it is stale. */
export function relocateFile(path: string, relocation: Relocation, declared: FileMode): void {
  const { mode, size } = statSync(path)
  chmodSync(path, mode | 0o200)
  try {
    const text = declared === 'text' || (declared === null && size <= MOST_TEXT) ? readFileSync(path) : null
    if (text !== null && (declared === 'text' || !text.includes(0))) writeFileSync(path, relocateText(text, relocation))
    else relocateBinary(path, relocation)
  } finally {
    chmodSync(path, mode & 0o7777)
  }
}

function relocateBinary(path: string, relocation: Relocation): void {
  const wanted = Buffer.from(relocation.from)
  const file = openSync(path, 'r+')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    for (let at = 0; ; ) {
      const read = readSync(file, chunk, 0, CHUNK_BYTES, at)
      const found = chunk.subarray(0, read).indexOf(wanted)
      if (found !== -1) at = relocateAt(file, at + found, relocation)
      else if (read < wanted.length) return
      // The next begins where an occurrence could begin that this one has only a part of.
      else at += read - wanted.length + 1
    }
  } finally {
    closeSync(file)
  }
}

/** Answers where the string ends. */
function relocateAt(file: number, start: number, relocation: Relocation): number {
  const room = Buffer.alloc(MOST_STRING)
  const read = readSync(file, room, 0, MOST_STRING, start)
  const zero = room.subarray(0, read).indexOf(0)
  const string = room.subarray(0, zero === -1 ? read : zero)
  writeSync(file, relocateString(string, relocation), 0, string.length, start)
  return start + string.length
}
