// Lines of ours between the lines of a log: where something begins, breaks off or is missing. Never part of search, copy or download.
import { count, size } from '../text/figures.ts'

export type Seam =
  | { kind: 'attempt'; attempt: number; node: string | null; cause: string | null }
  /** The job made its file shorter: it is told from its beginning again. */
  | { kind: 'cut'; at: number }
  /** `clock` is the time of day for people; missing in bytes. */
  | { kind: 'lost'; clock: string; resumedAt: number; missing: number }
  /** 'slow': the page did not keep up; 'far': nobody has asked for that part yet. */
  | { kind: 'skipped'; from: number; bytes: number; why: 'slow' | 'far' }
  /** Lines that the page no longer keeps. */
  | { kind: 'let-go'; rows: number }

export function seamText(seam: Seam): string {
  switch (seam.kind) {
    case 'attempt': {
      const where = seam.node === null ? '' : ` on ${seam.node}`
      return `attempt ${seam.attempt} started${where}${seam.cause === null ? '' : ` (${seam.cause})`}`
    }
    case 'cut':
      return `file was truncated by the job at byte ${count(seam.at)}`
    case 'lost': {
      const missing = seam.missing === 0 ? 'nothing missing' : `${size(seam.missing)} missing`
      return `connection lost ${seam.clock}, resumed at byte ${count(seam.resumedAt)}; ${missing}`
    }
    case 'skipped':
      return `${size(seam.bytes)} ${seam.why === 'slow' ? 'skipped: page was too slow' : 'of it not loaded'}`
    case 'let-go':
      return `${count(seam.rows, 'earlier line')} no longer kept by this page; the file has them`
  }
}

/** Whether a button beside it brings what is missing there. */
export const loadable = (seam: Seam): boolean => seam.kind === 'skipped' || seam.kind === 'let-go'
