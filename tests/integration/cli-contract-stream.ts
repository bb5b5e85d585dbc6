// GET /v1/stream of the contract server, for the topic jobs: a reset for a new reader, then every line of the list that changes, with resume.
import type { ServerResponse } from 'node:http'
import { type JobSummary, STREAM_EVENTS, summaryOf } from '../../packages/contracts/src/index.ts'
import type { ContractServer } from './cli-contract-server.ts'

const LOOK_MS = 20

export function addStream(server: ContractServer) {
  const state = {
    /** Answered in place of a stream: by an older server, or by something in between. */
    refuses: null as 'absent' | 'page' | null,
    /** What readers came back with. */
    resumed: [] as string[],
    opened: 0,
    refused: 0,
  }
  const open = new Set<ServerResponse>()
  /** What was told, in order: a cursor is how much of it a reader has. */
  const log: JobSummary[] = []
  const known = new Map<string, string>()
  const look = (): void => {
    for (const { job } of server.jobs.values()) {
      const line = summaryOf(job)
      const text = JSON.stringify(line)
      if (known.get(job.id) === text) continue
      known.set(job.id, text)
      log.push(line)
    }
  }
  server.routes.push((request, response) => {
    if (!(request.url ?? '').startsWith('/v1/stream')) return false
    if (state.refuses !== null) state.refused += 1
    if (state.refuses === 'page') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>')
      return true
    }
    if (state.refuses === 'absent') {
      const problem = {
        type: 'about:blank',
        status: 404,
        code: 'not-found',
        title: 'No such route',
        detail: '',
        instance: '',
      }
      response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
      return true
    }
    state.opened += 1
    const lastId = request.headers['last-event-id']
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(': following\n\n')
    open.add(response)
    const send = (event: 'jobs' | 'reset', data: object, at: number): void => {
      STREAM_EVENTS[event].parse(data)
      response.write(`id: ${at}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    }
    look()
    let at = log.length
    if (typeof lastId === 'string') {
      state.resumed.push(lastId)
      at = Number(lastId)
    } else send('reset', { topic: 'jobs' }, at)
    const timer = setInterval(() => {
      look()
      if (at < log.length) {
        const items = log.slice(at)
        at = log.length
        send('jobs', { topic: 'jobs', items }, at)
      }
    }, LOOK_MS)
    response.on('close', () => {
      clearInterval(timer)
      open.delete(response)
    })
    return true
  })
  return {
    state,
    openStreams: () => open.size,
    cut: () => {
      for (const response of open) response.socket?.destroy()
    },
  }
}
