// Whether a job has ended, however it did.
import type { JobState } from '@trotline/contracts'

export const isOver = (state: JobState): boolean => state === 'completed' || state === 'failed' || state === 'cancelled'
