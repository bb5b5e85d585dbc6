// From anything that was thrown to what is answered: one way, whether the answer is a response or the last event of a stream.
import type { Problem } from '@trotline/contracts'
import type { FastifyRequest } from 'fastify'
import type { Settings } from '../config.ts'
import { RequestMisfit } from './findings.ts'
import { PROBLEMS, type ProblemCode, ProblemError, problemBody, problemCodeOf } from './problems.ts'

export interface ProblemAnswer {
  code: ProblemCode
  body: Problem
}

export const baseUrlOf = ({ publicUrl, listen }: Settings): string =>
  publicUrl ?? `http://${listen.host}:${listen.port}`

/** What nobody foresaw, and what could not be asked, is logged. */
export function problemAnswer(error: unknown, request: FastifyRequest, baseUrl: string): ProblemAnswer {
  const answer = (code: ProblemCode, about: Omit<Parameters<typeof problemBody>[1], 'instance' | 'baseUrl'>) => ({
    code,
    body: problemBody(code, { ...about, instance: request.id, baseUrl }),
  })
  if (error instanceof RequestMisfit) {
    const findings = error.findings()
    const detail = findings[0]?.detail ?? 'The request does not fit.'
    return answer(error.validationContext === 'params' ? missingAt(request) : 'invalid-request', { detail, findings })
  }
  // They left while they sent: no fault of ours, and nobody reads the answer.
  if (error === request.raw.errored) return answer('invalid-request', { detail: 'The request did not come whole.' })
  const code = problemCodeOf(error)
  if (code === null) {
    request.log.error({ err: error }, 'an unexpected fault')
    return answer('internal', { detail: 'The server failed in a way nobody foresaw; its log has this request id.' })
  }
  if (PROBLEMS[code].status >= 500) request.log.warn({ err: error, problem: code }, 'could not ask')
  const { findings, judged } = error instanceof ProblemError ? error : { findings: [], judged: {} }
  return answer(code, { detail: error instanceof Error ? error.message : '', findings, judged })
}

/** A malformed id is no fault in the body: there is nothing of that name. */
function missingAt({ routeOptions }: FastifyRequest): ProblemCode {
  const { url = '' } = routeOptions
  if (url.startsWith('/v1/webhooks')) return 'webhook-not-found'
  return url.startsWith('/v1/environments') ? 'environment-not-found' : 'job-not-found'
}
