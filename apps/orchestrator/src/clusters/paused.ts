// A pause in words, wherever one is told: in a waiting job, in /readyz.
import type { Paused } from '@trotline/contracts'
import { OrchestratorError } from '../errors.ts'

export const pauseInWords = ({ by, since, why }: Paused): string =>
  `paused by ${by} since ${since}${why === '' ? '' : ` (${why})`}`

/** @param paused null: it was, a moment ago */
export const pausedError = (cluster: string, paused: Paused | null): OrchestratorError =>
  new OrchestratorError(
    'CLUSTER_PAUSED',
    `Cluster ${cluster} is ${paused === null ? 'paused' : pauseInWords(paused)}; nothing is submitted until it is resumed`,
  )
