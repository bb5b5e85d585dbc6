// Follows the file that TROTLINE_EPOCHS names while the command appends to it. Whatever is written there, at whatever pace, can neither stop
// the run nor fill its memory: lines have a length, what is read at a time has a size, and what is no epoch is told once.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type Reported, readReportedLine } from './reported-line.ts'

export interface EpochFollower {
  /** Reads what is there by now and follows no longer. Resolves when all of it was handed on. Never rejects. */
  end(): Promise<void>
}

export interface EpochFollowerOptions {
  onEpoch(epoch: Reported): void
  say(line: string): void
  everyMs?: number
  /** Of one file in all. */
  mostBytes?: number
}

const EVERY_MS = 200
const READ_AT_ONCE = 262_144
const LONGEST_LINE = 16_384
/** 100,000 epochs of 64 values are half of it. */
const MOST_BYTES = 268_435_456
const LINE_END = 0x0a

/** @param path of a file that is there */
export function followEpochs(path: string, options: EpochFollowerOptions): EpochFollower {
  const { onEpoch, say, everyMs = EVERY_MS, mostBytes = MOST_BYTES } = options
  let offset = 0
  let read = 0
  let inode: bigint | null = null
  let carry = Buffer.alloc(0)
  /** The line under way is longer than a line may be: what follows until its end is left out. */
  let skipping = false
  let lines = 0
  let newest = -1
  let unused = 0
  let exhausted = false
  let troubled = false
  let ended = false

  function unusable(why: string): void {
    unused += 1
    if (unused === 1) say(`line ${lines} of TROTLINE_EPOCHS is not used: ${why}`)
  }

  function line(bytes: Buffer): void {
    lines += 1
    const text = bytes.toString('utf8').trim()
    if (text === '') return
    const told = readReportedLine(text)
    if ('refused' in told) unusable(told.refused)
    else if (told.epoch <= newest)
      unusable(`epoch ${told.epoch} comes after epoch ${newest}, and the numbers of a run’s epochs have to rise`)
    else {
      newest = told.epoch
      onEpoch(told)
    }
  }

  function tooLong(): void {
    lines += 1
    unusable(`it is longer than ${LONGEST_LINE} bytes`)
  }

  function take(piece: Buffer): void {
    let from = 0
    for (let end = piece.indexOf(LINE_END); end !== -1; end = piece.indexOf(LINE_END, from)) {
      const rest = piece.subarray(from, end)
      if (skipping) skipping = false
      else if (carry.length + rest.length > LONGEST_LINE) tooLong()
      else line(carry.length === 0 ? rest : Buffer.concat([carry, rest]))
      carry = Buffer.alloc(0)
      from = end + 1
    }
    if (skipping) return
    const rest = piece.subarray(from)
    if (carry.length + rest.length > LONGEST_LINE) {
      tooLong()
      skipping = true
      carry = Buffer.alloc(0)
    } else carry = Buffer.concat([carry, rest])
  }

  /** Another file under the same name, or the same one emptied: from its beginning. */
  function beginAnew(): void {
    offset = 0
    carry = Buffer.alloc(0)
    skipping = false
  }

  async function readOn(file: FileHandle): Promise<void> {
    const { size, ino } = await file.stat({ bigint: true })
    if (inode !== null && (ino !== inode || size < offset)) beginAnew()
    inode = ino
    const buffer = Buffer.allocUnsafe(READ_AT_ONCE)
    while (!exhausted) {
      const { bytesRead } = await file.read(buffer, 0, READ_AT_ONCE, offset)
      if (bytesRead === 0) return
      offset += bytesRead
      read += bytesRead
      take(buffer.subarray(0, bytesRead))
      exhausted = read > mostBytes
      if (exhausted) say(`TROTLINE_EPOCHS has more than ${mostBytes} bytes; no further epochs are read from it`)
    }
  }

  async function look(): Promise<void> {
    if (exhausted) return
    try {
      // Not a FIFO that nobody writes to, and no link that leads elsewhere.
      const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
      try {
        if (!(await file.stat()).isFile()) return trouble('is not a file any more; no epochs are read from it')
        await readOn(file)
      } finally {
        await file.close()
      }
      troubled = false
    } catch (error) {
      // Between a rename and the next it may be away.
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') trouble(`cannot be read at the moment: ${message}`)
    }
  }

  /** Told once, until it is over. */
  function trouble(why: string): void {
    if (!troubled) say(`TROTLINE_EPOCHS ${why}`)
    troubled = true
  }

  let looking = Promise.resolve()
  const again = (): void => {
    looking = looking.then(look)
    void looking.then(() => {
      if (!ended) timer = setTimeout(again, everyMs)
    })
  }
  let timer: NodeJS.Timeout = setTimeout(again, everyMs)

  return {
    async end() {
      ended = true
      clearTimeout(timer)
      await looking
      await look()
      // A last line without an end: the command is over, so it is whole.
      if (carry.length > 0 && !skipping) line(carry)
      if (unused > 1) say(`${unused} lines of TROTLINE_EPOCHS were not used`)
    },
  }
}
