// The callers: each POST carries its key and is sent again until it is answered; an acknowledged id is never given up.
// What was asked and every answer that came are kept as the auditor's first evidence.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, Problem } from '@trotline/contracts'
import type { JobPlan } from './job-mix.ts'

export interface PostAnswer {
  atMs: number
  status: number
  /** Of the job, where the answer was 202. */
  id: string | null
  code: string | null
}

export interface Asked {
  plan: JobPlan
  answers: PostAnswer[]
  /** null: never acknowledged. */
  id: string | null
  /** The door refused it for good: status and code. */
  refused: string | null
  /** null: never sent. One that was not acknowledged may have been heard all the same. */
  cancel: { sentAtMs: number; acknowledgedAtMs: number | null; answer: string } | null
}

export interface Client {
  readonly asked: readonly Asked[]
  /** Until an answer that is final; at the latest when `giveUp` is called. */
  submit(plan: JobPlan): Promise<Asked>
  job(id: string): Promise<Job | null>
  get<T>(path: string): Promise<T | null>
  /** POSTs and cancels that were not answered yet. */
  readonly open: number
  giveUp(): void
}

const REQUEST_LIMIT_MS = 10_000
const AGAIN_MS = 300

export function createClient(urls: () => readonly string[], token: string): Client {
  const asked: Asked[] = []
  let open = 0
  let over = false
  let turn = 0

  /** The servers by turns: what one does not answer the other is asked. null: no answer. */
  async function call(method: string, path: string, options: { body?: unknown; key?: string } = {}) {
    const all = urls()
    const url = all[turn++ % all.length] ?? ''
    try {
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(options.key === undefined ? {} : { 'idempotency-key': options.key }),
        },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
      })
      const text = await response.text()
      return { status: response.status, body: JSON.parse(text) as unknown }
    } catch {
      return null
    }
  }

  const isFinal = (status: number): boolean => status < 500 && status !== 429

  async function post(one: Asked): Promise<void> {
    for (;;) {
      const answer = await call('POST', '/v1/jobs', { body: one.plan.request, key: one.plan.key })
      if (answer !== null) {
        const id = answer.status === 202 ? (answer.body as Job).id : null
        const code = id === null ? ((answer.body as Problem).code ?? null) : null
        one.answers.push({ atMs: Date.now(), status: answer.status, id, code })
        if (id !== null) one.id ??= id
        else if (isFinal(answer.status)) one.refused ??= `${answer.status} ${code}`
        if (isFinal(answer.status)) return
      }
      if (over) return
      await sleep(AGAIN_MS)
    }
  }

  async function cancel(one: Asked, afterMs: number): Promise<void> {
    await sleep(afterMs)
    while (!over) {
      one.cancel ??= { sentAtMs: Date.now(), acknowledgedAtMs: null, answer: '' }
      const answer = await call('DELETE', `/v1/jobs/${one.id}`)
      if (answer !== null && isFinal(answer.status)) {
        const code = (answer.body as Problem).code ?? ''
        one.cancel.acknowledgedAtMs = answer.status === 202 ? Date.now() : null
        one.cancel.answer = `${answer.status} ${code}`
        return
      }
      await sleep(AGAIN_MS)
    }
  }

  async function counted(work: Promise<void>): Promise<void> {
    open++
    try {
      await work
    } finally {
      open--
    }
  }

  return {
    asked,
    get open() {
      return open
    },
    giveUp() {
      over = true
    },
    async submit(plan) {
      const one: Asked = { plan, answers: [], id: null, refused: null, cancel: null }
      asked.push(one)
      await counted(post(one))
      if (one.id !== null) {
        const { repeatAfterMs, wish } = plan
        if (repeatAfterMs !== null) void counted(sleep(repeatAfterMs).then(() => post(one)))
        if (wish.cancelAfterMs !== null) void counted(cancel(one, wish.cancelAfterMs))
      }
      return one
    },
    async get<T>(path: string) {
      const answer = await call('GET', path)
      return answer?.status === 200 ? (answer.body as T) : null
    },
    async job(id) {
      const answer = await call('GET', `/v1/jobs/${id}`)
      return answer?.status === 200 ? (answer.body as Job) : null
    },
  }
}
