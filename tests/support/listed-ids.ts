// A whole list of jobs, page after page.
import type { ListFilter } from '../../apps/orchestrator/src/store/job-list.ts'
import type { Store } from './orchestrator-store.ts'

/** In the order in which they are listed. */
export async function listedIds({ jobs }: Store, filter: ListFilter, limit = 50): Promise<string[]> {
  const found: string[] = []
  for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
    const page = await jobs.list(filter, limit, cursor)
    found.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor
  }
  return found
}
