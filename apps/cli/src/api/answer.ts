// Answers by the contract. The path gives their type, and the contract's schema of that type reads them: fields that a newer server adds are let
// through, missing or changed ones are "could not ask". A type alone would hand them on, and something else would be said of the job.
import type { z } from 'zod'
import { CliError } from '../errors.ts'

/** @throws CliError COULD_NOT_ASK where it is of another shape */
export type ReadAnswer = <T>(schema: z.ZodType<T>, answer: { data: NoInfer<T> }) => T

export const createReadAnswer =
  (host: string): ReadAnswer =>
  (schema, { data }) =>
    answerOf(host, schema, data)

/** @throws CliError COULD_NOT_ASK where it is of another shape */
export function answerOf<T>(host: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const wrong = parsed.error.issues.find(issue => issue.code !== 'unrecognized_keys')
  if (wrong === undefined) return value as T
  throw new CliError(
    'COULD_NOT_ASK',
    `${host} answered something this version does not understand (${wrong.path.join('.') || 'the whole'}: ${wrong.message}).`,
    { fix: ['Use the command line that came with the server.'] },
  )
}

/** By the server's clock, in milliseconds, so that ages never depend on this machine's. */
export function serverTime({ headers }: { headers: Headers }): number {
  const date = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(date) ? Date.now() : date
}
