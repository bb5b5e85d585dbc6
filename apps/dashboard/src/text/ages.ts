// How old what is shown is. Three clocks that are never merged, each with its own words: the page's line to the server, the server's to
// Slurm, the worker's to the server. The server sends ages; from there they are counted on by performance.now(), so that the
// person's own clock is compared with nothing. What is old stays on the page, and silence never becomes a state.
import { ago, coarse, duration } from './durations.ts'

/** What the server said: so old when it was told at `now` of performance.now(). */
export interface Age {
  ageMs: number
  heardAt: number
}
export const ageAt = ({ ageMs, heardAt }: Age, now: number): number => Math.max(0, ageMs + Math.max(0, now - heardAt))

/** fresh: nothing is needed; old: amber, with its age; silent: a banner, or a card. */
export type Freshness = { level: 'fresh' | 'old' | 'silent'; text: string }

const seconds = (ms: number): number => ms / 1000

/** The server sends something every 10 s. @param silentMs since the last byte of the stream */
export function pageClock(silentMs: number): Freshness {
  if (silentMs <= 15_000) return { level: 'fresh', text: '' }
  const heard = `last heard ${coarse(seconds(silentMs))} ago`
  return silentMs <= 60_000
    ? { level: 'old', text: `reconnecting, ${heard}` }
    : {
        level: 'silent',
        text: `No connection to the server, ${heard}. Trotline keeps trying; what is shown is from then.`,
      }
}

/** @param since the time of day of its last answer, for people; null: it has never answered */
export function slurmClock(ageMs: number, pollIntervalMs: number, since: string | null): Freshness {
  if (since === null)
    return { level: 'silent', text: 'Slurm has not answered yet; nothing is known of the jobs there.' }
  if (ageMs > 5 * pollIntervalMs)
    return { level: 'silent', text: `Slurm has not answered since ${since}; states below are from then.` }
  return ageMs > 2 * pollIntervalMs
    ? { level: 'old', text: `as of ${ago(seconds(ageMs))}` }
    : { level: 'fresh', text: ageMs < 1000 ? 'Slurm answered just now' : `Slurm answered ${ago(seconds(ageMs))}` }
}

export interface WorkerSeen {
  /** Since the last epoch or heartbeat. */
  ageMs: number
  /** null: no three epochs yet. */
  medianEpochSeconds: number | null
  /** Slurm's own word for the job and how old that is; null: Slurm has not said. */
  slurm: { state: string; ageMs: number } | null
}

/** Of a job that runs. An epoch that takes an hour may be silent for three. */
export function workerClock({ ageMs, medianEpochSeconds, slurm }: WorkerSeen): Freshness {
  const patienceMs = Math.max(60_000, 3000 * (medianEpochSeconds ?? 0))
  if (ageMs <= patienceMs) return { level: 'fresh', text: '' }
  const says = slurm === null ? '' : `; Slurm says ${slurm.state}, ${seenText(slurm.ageMs)}`
  return { level: 'old', text: `no report for ${duration(Math.floor(seconds(ageMs)))}${says}` }
}

const seenText = (ageMs: number): string => (ageMs < 1000 ? 'just now' : ago(seconds(ageMs)))
