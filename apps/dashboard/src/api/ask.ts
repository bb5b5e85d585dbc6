// One question to the server. What it refuses comes as the Problem it sent; not being able to ask is its own kind of error, after which
// nothing is known and what was shown stays.
import type { Problem } from '@trotline/contracts'
import { heardServerTime } from '../clock.ts'
import { signOut, token } from './session.ts'

export interface Question {
  method?: 'GET' | 'POST' | 'DELETE'
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  /** In place of the one that is signed in: a token that is being tried. */
  as?: string
}

/** The server answered, and it was no. */
export class Refused extends Error {
  readonly status: number
  readonly problem: Problem
  constructor(status: number, problem: Problem) {
    super(problem.detail)
    this.status = status
    this.problem = problem
  }
}

/** No answer came. */
export class CouldNotAsk extends Error {}

const ANSWER_LIMIT_MS = 30_000

export async function ask<T>(path: string, question: Question = {}): Promise<T> {
  const response = await exchange(path, question)
  return (await readable(response.json())) as T
}

export async function askText(path: string, question: Question = {}): Promise<{ text: string; headers: Headers }> {
  const response = await exchange(path, { ...question, headers: { accept: '*/*', ...question.headers } })
  return { text: await readable(response.text()), headers: response.headers }
}

export async function askBytes(
  path: string,
  question: Question = {},
): Promise<{ bytes: Uint8Array; headers: Headers }> {
  const response = await exchange(path, { ...question, headers: { accept: '*/*', ...question.headers } })
  return { bytes: new Uint8Array(await readable(response.arrayBuffer())), headers: response.headers }
}

/** @param question.signal ends it; without one it is given up after 30 s. @throws Refused, CouldNotAsk */
export async function exchange(path: string, question: Question): Promise<Response> {
  const { method = 'GET', body, headers, signal = AbortSignal.timeout(ANSWER_LIMIT_MS), as } = question
  const said = as ?? token.value
  let response: Response
  try {
    response = await fetch(path, {
      method,
      signal,
      cache: 'no-store',
      credentials: 'omit',
      headers: {
        accept: 'application/json',
        ...(said === null ? {} : { authorization: `Bearer ${said}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (error) {
    throw new CouldNotAsk(reasonOf(error), { cause: error })
  }
  const at = response.headers.get('date')
  if (at !== null) heardServerTime(at)
  if (response.ok) return response
  const refused = new Refused(response.status, await problemOf(response))
  if (response.status === 401 && as === undefined && said === token.value) signOut(refused.message)
  throw refused
}

/** Once per thing that a person does: the same key again is the same thing again. */
export const newKey = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** For people: what went wrong, in a sentence. */
export const inWords = (error: unknown): string =>
  error instanceof CouldNotAsk
    ? `The server cannot be reached (${error.message}). Nothing is known of what it would say.`
    : error instanceof Error
      ? error.message
      : String(error)

async function readable<T>(body: Promise<T>): Promise<T> {
  try {
    return await body
  } catch (error) {
    throw new CouldNotAsk(reasonOf(error), { cause: error })
  }
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const problem = (await response.json()) as Partial<Problem>
    if (typeof problem.detail === 'string' && typeof problem.code === 'string') return problem as Problem
  } catch {
    // not ours: a proxy's page
  }
  const detail = `Something between here and the server answered ${response.status} ${response.statusText}.`
  return { type: 'about:blank', status: response.status, code: 'unreadable', title: detail, detail, instance: '' }
}

const reasonOf = (error: unknown): string =>
  error instanceof DOMException && error.name === 'TimeoutError'
    ? `no answer within ${ANSWER_LIMIT_MS / 1000} s`
    : error instanceof DOMException && error.name === 'AbortError'
      ? 'given up'
      : 'no connection'
