// The two ways in which a call brings no answer. Refused: the server said no, and why. CouldNotAsk: nobody knows what it would say.
import type { Schema } from './calls.ts'
import { wholeText } from './read-whole.ts'

/** Of a problem document: the server's largest names some hundred findings. */
const MOST_PROBLEM_BYTES = 4 * 1024 * 1024

/** The server answered, and it was no. */
export class Refused extends Error {
  readonly status: number
  readonly problem: Schema<'Problem'>
  readonly headers: Headers

  constructor(status: number, problem: Schema<'Problem'>, headers: Headers = new Headers()) {
    super(problem.detail)
    this.name = 'Refused'
    this.status = status
    this.problem = problem
    this.headers = headers
  }
}

/**
 * `connection`: none came about, or it was lost (the cause tells). `time`: no answer within the limit. `silence`: a stream without a sign of
 * life. `given-up`: by the caller's signal. `broken-off`: an answer ended before its end. `foreign`: what answered is not Trotline.
 */
export type Silence = 'connection' | 'time' | 'silence' | 'given-up' | 'broken-off' | 'foreign'

/** No answer came, and nothing is known. */
export class CouldNotAsk extends Error {
  readonly reason: Silence
  /** Of what answered in the server's place; null: nothing did. */
  readonly response: Response | null

  constructor(reason: Silence, message: string, options: { cause?: unknown; response?: Response } = {}) {
    super(message, { cause: options.cause })
    this.name = 'CouldNotAsk'
    this.reason = reason
    this.response = options.response ?? null
  }
}

export type Fault = Refused | CouldNotAsk

/** What an answer that is none of those asked for says. Reads its body. */
export async function faultOf(response: Response): Promise<Fault> {
  if (response.status >= 400) {
    const problem = problemOf((await wholeText(response, MOST_PROBLEM_BYTES).catch(() => null)) ?? '')
    if (problem !== null) return new Refused(response.status, problem, response.headers)
  }
  const said = `${response.status} ${response.statusText}`.trim()
  // A browser hides where a redirect leads to, and its status.
  const detail =
    response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)
      ? `something between here and the server points to ${response.headers.get('location') ?? 'elsewhere'}`
      : `something between here and the server answered ${said}`
  return new CouldNotAsk('foreign', detail, { response })
}

/** The problem document of an answer's text; null: it is none. */
export function problemOf(text: string): Schema<'Problem'> | null {
  try {
    const problem = JSON.parse(text) as Partial<Schema<'Problem'>> | null
    const told = [problem?.type, problem?.code, problem?.title, problem?.detail].every(one => typeof one === 'string')
    if (!told || typeof problem?.status !== 'number') return null
    const findings: unknown = problem.findings ?? []
    return Array.isArray(findings) && findings.every(isFinding) ? (problem as Schema<'Problem'>) : null
  } catch {
    return null
  }
}

const isFinding = (one: unknown): boolean =>
  typeof one === 'object' &&
  one !== null &&
  'pointer' in one &&
  typeof one.pointer === 'string' &&
  'detail' in one &&
  typeof one.detail === 'string'

const GATEWAY = new Set([429, 502, 503, 504])

/** Will asking again perhaps be answered? Every call may be repeated: POSTs carry a key. */
export function mayPass(fault: unknown): boolean {
  if (fault instanceof Refused) return GATEWAY.has(fault.status)
  if (!(fault instanceof CouldNotAsk)) return false
  if (fault.reason === 'foreign') return fault.response !== null && GATEWAY.has(fault.response.status)
  return fault.reason !== 'given-up'
}
