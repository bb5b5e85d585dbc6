// WEBHOOK on the command line: an id, the beginning of one, or the name that it was given.
import { type Webhook, WebhookId } from '@trotline/contracts'
import type { Context } from './context.ts'
import { CliError } from './errors.ts'

const PAGE = 100
/** A person has a handful; a server allows some hundreds. */
const MOST_SEARCHED = 1000

/** @throws CliError NO_SUCH_JOB, or USAGE where it fits several */
export async function findWebhook({ client }: Pick<Context, 'client'>, wanted: string): Promise<string> {
  if (WebhookId.safeParse(wanted).success) return wanted
  const all = await allWebhooks({ client })
  const named = all.filter(({ name }) => name === wanted)
  const found = named.length > 0 ? named : /^wh.{2,}/.test(wanted) ? all.filter(({ id }) => id.startsWith(wanted)) : []
  const [only, second] = found
  if (only === undefined)
    throw new CliError('NO_SUCH_JOB', `No webhook of yours has the id, beginning or name "${wanted}".`, {
      fix: ['trotline webhooks list'],
    })
  if (second !== undefined)
    throw new CliError('USAGE', `"${wanted}" fits ${found.length} webhooks.`, {
      facts: found
        .slice(0, 10)
        .map(({ id, name, url }) => [id, name ?? '', url].filter(part => part !== '').join('  ')),
      fix: ['Type the whole id.'],
    })
  return only.id
}

export async function allWebhooks({ client }: Pick<Context, 'client'>): Promise<Webhook[]> {
  const items: Webhook[] = []
  let cursor: string | null = null
  do {
    const page = await client.webhooks.list({ limit: PAGE, ...(cursor === null ? {} : { cursor }) })
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null && items.length < MOST_SEARCHED)
  return items
}
