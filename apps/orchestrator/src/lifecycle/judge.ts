// Compatibility before the queue. Nothing is judged yet, and that is what it answers: unknown, said aloud in the Job.
import type { Job } from '@trotline/contracts'

export function judge(): Job['compatibility'] {
  return { verdict: 'unknown', detail: 'not judged' }
}
