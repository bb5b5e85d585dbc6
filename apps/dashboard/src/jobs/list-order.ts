// The order of the list that somebody came from, so that a job's page knows its neighbours there. Kept for the tab, not in addresses.
import { client } from '../api/client.ts'

let order: readonly string[] = []

export function keepOrder(ids: readonly string[]): void {
  order = ids
}

/** @param step 1: the one below it in the list, -1: above. null: there is none, or it is not in that list */
export function neighbourIn(ids: readonly string[], id: string, step: 1 | -1): string | null {
  const at = ids.indexOf(id)
  return at < 0 ? null : (ids[at + step] ?? null)
}

/** Whoever came by a link has no list yet: then it is the newest jobs. @throws Refused, CouldNotAsk */
export async function neighbour(id: string, step: 1 | -1): Promise<string | null> {
  if (!order.includes(id))
    order = (await client.get('/v1/jobs', { query: { limit: 50 } })).data.items.map(row => row.id)
  return neighbourIn(order, id, step)
}
