// Epochs on their way from the training thread to the report thread: rows of numbers in a ring that both have before them. Nobody is woken
// for a row, the report thread looks by itself: woken by a message, it was given the core of the training thread at once on a busy
// node, which then stood for 1 to 10 ms in the middle of its reporting.
import type { EndedEpoch, RawEpoch } from './epoch-text.ts'

export interface EpochRing {
  /** Rows of name set, epoch, time in ms since 1970, seconds, and a value for each name. Their count is a power of two. */
  numbers: Float64Array<SharedArrayBuffer>
  /** [WRITTEN] and [TAKEN]: numbers ever written and ever taken, [DETOURS]: detours ever taken, all modulo 2 ** 32. */
  ends: Int32Array<SharedArrayBuffer>
}

export interface RingWriter {
  /** False: there is no room for it now, or a detour is not taken yet. @throws RangeError for one that no empty ring has room for */
  write(epoch: RawEpoch, at: number): boolean
  isHalfFull(): boolean
  /** Epochs go another way, to come after all that is in the ring: until they are taken nothing is written, which would overtake them. */
  detour(): void
  /** Waits until every detour is taken and the ring is not half full, at most so long. */
  waitForRoom(withinMs: number): boolean
}

export interface RingReader {
  /** The next set of names that rows come under. */
  names(names: readonly string[]): void
  /** Takes what is there, in order; rows whose names are not known yet stay. */
  read(): EndedEpoch[]
  /** One more detour is taken, and what is written from now on comes after it. */
  detourTaken(): void
}

/** 512 KiB: 7,000 epochs of five values, some 2 s of the small net of auto-mpg. */
const NUMBERS = 65_536
const WRITTEN = 0
const TAKEN = 1
const DETOURS = 2
const HEAD = 4

export const createEpochRing = (numbers = NUMBERS): EpochRing => ({
  numbers: new Float64Array(new SharedArrayBuffer(numbers * Float64Array.BYTES_PER_ELEMENT)),
  ends: new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT)),
})

/** @param onNames told of a set of names before the first row that comes under it */
export function createRingWriter({ numbers, ends }: EpochRing, onNames: (names: string[]) => void): RingWriter {
  const last = numbers.length - 1
  let names: string[] = []
  let nameSet = 0
  let written = Atomics.load(ends, WRITTEN)
  /** When it was last looked at: there may be more room by now, never less. */
  let taken = Atomics.load(ends, TAKEN)
  let detours = Atomics.load(ends, DETOURS)

  function hasRoom(count: number): boolean {
    if (((written - taken) | 0) + count <= numbers.length) return true
    taken = Atomics.load(ends, TAKEN)
    return ((written - taken) | 0) + count <= numbers.length
  }

  const isHalfFull = (): boolean => !hasRoom(numbers.length / 2)

  /** False: its values have other names, and what was put down does not count. */
  function putDown({ epoch, seconds, values }: RawEpoch, at: number): boolean {
    let i = written
    numbers[i++ & last] = nameSet
    numbers[i++ & last] = epoch
    numbers[i++ & last] = at
    numbers[i++ & last] = seconds
    let count = 0
    for (const name in values) {
      if (names[count++] !== name) return false
      numbers[i++ & last] = values[name] as number
    }
    return count === names.length
  }

  function rename(values: RawEpoch['values']): void {
    names = Object.keys(values)
    if (HEAD + names.length > numbers.length)
      throw new RangeError(`an epoch of ${names.length} values: ${numbers.length - HEAD} at most can be reported`)
    nameSet += 1
    onNames(names)
  }

  function write(epoch: RawEpoch, at: number): boolean {
    const width = HEAD + names.length
    if (detours !== Atomics.load(ends, DETOURS) || !hasRoom(width)) return false
    if (!putDown(epoch, at)) {
      rename(epoch.values)
      return write(epoch, at)
    }
    written = (written + width) | 0
    Atomics.store(ends, WRITTEN, written)
    return true
  }

  return {
    write,
    isHalfFull,
    detour() {
      detours = (detours + 1) | 0
    },
    waitForRoom(withinMs) {
      const until = performance.now() + withinMs
      for (;;) {
        const detoursTaken = Atomics.load(ends, DETOURS)
        if (detours === detoursTaken && !isHalfFull()) return true
        const leftMs = until - performance.now()
        if (leftMs <= 0) return false
        if (detours !== detoursTaken) Atomics.wait(ends, DETOURS, detoursTaken, leftMs)
        else Atomics.wait(ends, TAKEN, taken, leftMs)
      }
    },
  }
}

export function createRingReader({ numbers, ends }: EpochRing): RingReader {
  const last = numbers.length - 1
  const later: (readonly string[])[] = []
  let names: readonly string[] = []
  let nameSet = 0

  return {
    names: set => void later.push(set),
    read() {
      const end = Atomics.load(ends, WRITTEN)
      const ended: EndedEpoch[] = []
      let from = Atomics.load(ends, TAKEN)
      while (from !== end) {
        // A set of names may have had no row: there was no room for it.
        for (; numbers[from & last] !== nameSet && later.length > 0; nameSet++) names = later.shift() as string[]
        if (numbers[from & last] !== nameSet) break
        const [epoch, at, seconds] = [1, 2, 3].map(i => numbers[(from + i) & last]) as [number, number, number]
        const values: RawEpoch['values'] = {}
        for (let i = 0; i < names.length; i++) values[names[i] as string] = numbers[(from + HEAD + i) & last] as number
        ended.push({ epoch: { epoch, seconds, values }, at })
        from = (from + HEAD + names.length) | 0
      }
      Atomics.store(ends, TAKEN, from)
      Atomics.notify(ends, TAKEN)
      return ended
    },
    detourTaken() {
      Atomics.add(ends, DETOURS, 1)
      Atomics.notify(ends, DETOURS)
    },
  }
}
