// How long a step that counts (bytes, packages, files) still takes: from its pace since it began and its pace of late, as a range.
import { timeLeft } from '../text/durations.ts'

/** Before this much time a pace is a guess. */
const LEAST_MS = 2000
const OF_LATE_MS = 10_000

export type TimeLeft = {
  /** "~17–19 min left"; null: nobody can tell yet. A step of another name begins anew. */
  of(step: string, done: number, of: number | null): string | null
}

export function createTimeLeft({
  now = () => performance.now(),
  dash = '–',
}: {
  now?: () => number
  dash?: string
} = {}): TimeLeft {
  let step: string | null = null
  let seen: { at: number; done: number }[] = []
  return {
    of: (name, done, of) => {
      const at = now()
      const last = seen.at(-1)
      if (name !== step || (last !== undefined && done < last.done)) seen = []
      step = name
      if (seen.at(-1)?.done !== done) seen.push({ at, done })
      // The first stays: it is where the step began.
      while (seen.length > 2 && at - (seen[1]?.at ?? at) > OF_LATE_MS) seen.splice(1, 1)
      const [began, recent] = seen
      if (of === null || done >= of || began === undefined || at - began.at < LEAST_MS || done <= began.done)
        return null
      const left = of - done
      const paces = [began, recent ?? began].map(from => (done - from.done) / (at - from.at)).filter(pace => pace > 0)
      const seconds = paces.map(pace => left / pace / 1000)
      return timeLeft(Math.min(...seconds), Math.max(...seconds), dash)
    },
  }
}
