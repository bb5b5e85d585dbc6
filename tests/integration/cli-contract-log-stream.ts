// GET /v1/jobs/{id}/logs of the contract server as server-sent events: a log as it grows and across attempts, with resume at `attempt:offset`.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isTerminal, type Job, STREAM_EVENTS } from '../../packages/contracts/src/index.ts'
import type { ContractServer } from './cli-contract-server.ts'

const LOOK_MS = 20

export function addLogStream(server: ContractServer) {
  const state = {
    /** Answered in place of a stream: by a proxy that makes a page of it or ends it at once, or by a server that has too many. */
    refuses: null as 'page' | 'end' | 'many' | null,
    /** What readers came with, '' where it is nothing. */
    resumed: [] as string[],
    /** Questions for a piece of a log, which a stream needs none of. */
    pieces: 0,
  }
  const open = new Set<ServerResponse>()
  server.routes.push((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [, , things, id = '', room] = url.pathname.split('/')
    if (things !== 'jobs' || room !== 'logs' || !server.jobs.has(id)) return false
    if (request.headers.accept?.includes('text/event-stream') !== true) {
      state.pieces += 1
      return false
    }
    if (state.refuses === 'page') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>')
    else if (state.refuses === 'end') {
      state.resumed.push(String(request.headers['last-event-id'] ?? ''))
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': following\n\n')
    } else if (state.refuses === 'many') {
      const title = 'Too many streams are open'
      response.writeHead(429, { 'content-type': 'application/problem+json' })
      response.end(
        JSON.stringify({ type: 'about:blank', status: 429, code: 'too-many-streams', title, detail: '', instance: '' }),
      )
    } else tell(request, response, url.searchParams, id)
    return true
  })

  function tell(request: IncomingMessage, response: ServerResponse, query: URLSearchParams, id: string): void {
    const pinned = query.has('attempt') ? Number(query.get('attempt')) : null
    const resumed = String(request.headers['last-event-id'] ?? '')
    state.resumed.push(resumed)
    let [attempt, offset] = resumed === '' ? [pinned, 0] : (resumed.split(':').map(Number) as [number, number])
    let told: number | null = null
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': following\n\n')
    open.add(response)
    const send = (
      event: 'log' | 'attempt' | 'cut' | 'end',
      data: { attempt: number; [more: string]: unknown },
    ): void => {
      STREAM_EVENTS[event].parse({ topic: `log:${id}:stdout`, ...data })
      response.write(`id: ${attempt}:${offset}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    }
    const fileOf = (run: string): Buffer =>
      server.kept(id).logs.get(`${run}:${query.get('stream') ?? 'stdout'}`) ?? Buffer.alloc(0)
    /** Everything that is there; true: it has been told to its end. */
    const look = (job: Job): boolean => {
      for (;;) {
        attempt ??= job.runs.at(-1)?.attempt ?? null
        const run = job.runs.find(one => one.attempt === attempt)
        if (attempt === null || run === undefined) return isTerminal(job.state)
        if (told !== attempt) {
          if (told !== null || offset === 0) send('attempt', { attempt, run: run.run, node: run.node })
          told = attempt
        }
        const file = fileOf(run.run)
        if (file.length < offset) {
          const at = offset
          offset = 0
          send('cut', { attempt, at })
          continue
        }
        if (file.length > offset) {
          const from = offset
          offset = file.length
          send('log', { attempt, offset: from, next: offset, base64: file.subarray(from).toString('base64') })
        }
        const next = pinned === null ? job.runs.find(one => one.attempt > run.attempt) : undefined
        if (next === undefined) return isTerminal(job.state) || (pinned !== null && run.endedAt !== null)
        attempt = next.attempt
        offset = 0
      }
    }
    const timer = setInterval(() => {
      if (!look(server.kept(id).job)) return
      clearInterval(timer)
      send('end', { attempt: attempt ?? 0, offset })
      response.end()
    }, LOOK_MS)
    response.on('close', () => {
      clearInterval(timer)
      open.delete(response)
    })
  }

  return {
    state,
    /** As a restart of the server or a proxy does. */
    cut: () => {
      for (const response of open) response.socket?.destroy()
    },
  }
}
