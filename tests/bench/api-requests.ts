// What the API is asked in a measurement: pages of lists, single jobs, submissions, as whole HTTP requests.
import type { Story } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'
import { createRandom, NAMES, OWNERS, pick, TEAMS, type WrittenJob } from './api-jobs.ts'

/** One for each owner, as in the configuration; the story's own is an operator's. */
export const tokenOf = (owner: string): string => `token-of-${owner}`.padEnd(40, '-')

const get = (path: string, token: string): string =>
  `GET ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\naccept: application/json\r\n\r\n`

const REQUESTS = 5_000
/** So far a reader pages on. */
const PAGES_DEEP = 4

/** Pages of 50: of an owner's jobs, as most people see them; some of all jobs, as operators do. */
export async function listRequests(story: Story): Promise<string[]> {
  const random = createRandom(1)
  const cursors = await readCursors(story)
  const since = new Date(Date.now() - 7 * 24 * 3_600_000).toISOString()
  const state = (): string => pick(['completed', 'completed', 'failed', 'cancelled'], random)
  const kinds: readonly { percent: number; query(owner: string): string }[] = [
    { percent: 30, query: () => '' },
    { percent: 25, query: owner => pick(cursors.get(owner) ?? [''], random) },
    { percent: 15, query: () => `&state=${state()}` },
    { percent: 10, query: () => `&label=team%3D${pick(TEAMS, random)}` },
    { percent: 5, query: () => `&label=team%3D${pick(TEAMS, random)}&state=${state()}` },
    { percent: 5, query: () => `&name=${pick(NAMES, random)}` },
    { percent: 10, query: () => `&since=${since}` },
  ]
  const queries = kinds.flatMap(({ percent, query }) => Array.from({ length: percent }, () => query))
  return Array.from({ length: REQUESTS }, () => {
    const owner = pick(OWNERS, random).id
    const query = `?limit=50${pick(queries, random)(owner)}`
    if (random() < 0.9) return get(`/v1/jobs${query}`, tokenOf(owner))
    return get(`/v1/jobs${query}${random() < 0.5 ? `&owner=${owner}` : ''}`, story.token)
  })
}

/** Of each owner its first pages, as what they add to an address. */
async function readCursors({ api }: Story): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for (const { id } of OWNERS) {
    const cursors: string[] = []
    while (cursors.length < PAGES_DEEP) {
      const { nextCursor } = await api.list(
        `?limit=50&owner=${id}${cursors.map(cursor => `&cursor=${cursor}`).at(-1) ?? ''}`,
      )
      if (nextCursor === null) break
      cursors.push(nextCursor)
    }
    found.set(id, ['', ...cursors.map(cursor => `&cursor=${cursor}`)])
  }
  return found
}

/** Any of all jobs, each as likely, by its owner. */
export const jobRequests = (jobs: readonly WrittenJob[]): string[] =>
  jobs.map(({ id, owner }) => get(`/v1/jobs/${id}`, tokenOf(owner)))

/** Of every owner, with a key of its own each time. */
export const submissions = (): string[] =>
  OWNERS.map(({ id }, i) => {
    const body = JSON.stringify(request({ seed: i, epochs: 1_000 }))
    const head = [
      'POST /v1/jobs HTTP/1.1',
      ...['host: bench', `authorization: Bearer ${tokenOf(id)}`, 'idempotency-key: {key}'],
      ...['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`],
    ]
    return `${head.join('\r\n')}\r\n\r\n${body}`
  })
