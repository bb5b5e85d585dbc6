// Answers by the contract: fields that a newer server adds are let through, missing or changed ones are "could not ask".
import type { z } from 'zod'
import { CliError } from '../errors.ts'

export type ReadAnswer = <T>(schema: z.ZodType<T>, response: Response) => Promise<T>

export function createReadAnswer(host: string): ReadAnswer {
  return async (schema, response) => {
    const value: unknown = await response.json().catch((cause: unknown) => {
      throw new CliError('COULD_NOT_ASK', `The answer of ${host} broke off.`, { cause })
    })
    return answerOf(host, schema, value)
  }
}

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
export function serverTime(response: Response): number {
  const date = Date.parse(response.headers.get('date') ?? '')
  return Number.isNaN(date) ? Date.now() : date
}
