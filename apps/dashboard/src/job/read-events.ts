// What has happened to a job so far: its kept events, read from the beginning until the server has no more to say.
import type { JobEvent } from '@trotline/contracts'
import { client } from '../api/client.ts'

const QUIET_MS = 300
const LIMIT_MS = 15_000

export async function readEvents(id: string, leaving: AbortSignal): Promise<JobEvent[]> {
  const quiet = new AbortController()
  let watch = setTimeout(() => quiet.abort(), LIMIT_MS)
  const found: JobEvent[] = []
  const signal = AbortSignal.any([leaving, quiet.signal])
  for await (const one of client.events('/v1/jobs/{id}/events', { path: { id }, signal })) {
    if (one === 'alive') continue
    // Every job has at least its first event: the quiet before it says nothing.
    clearTimeout(watch)
    watch = setTimeout(() => quiet.abort(), QUIET_MS)
    found.push(JSON.parse(one.data) as JobEvent)
  }
  clearTimeout(watch)
  return found
}
