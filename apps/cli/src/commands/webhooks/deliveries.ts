// trotline webhooks deliveries: what was sent, how each was answered, and when it is tried again.
import type { WebhookDelivery } from '@trotline/contracts'
import type { Command } from 'commander'
import type { Act } from '../../act.ts'
import type { Context } from '../../context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { findWebhook } from '../../find-webhook.ts'
import { withExamples } from '../../help.ts'
import { tabbed, table } from '../../text/table.ts'
import { DELIVERY_COLUMNS, deliveryRow } from '../../text/webhook-text.ts'
import { wholeNumber } from '../list.ts'

const DEFAULT_LIMIT = 20
const PAGE = 100

export function declareDeliveries(webhooks: Command, act: Act): void {
  const command = webhooks
    .command('deliveries')
    .description('shows the newest messages, and how each was answered')
    .argument('<WEBHOOK>', 'id, beginning of an id, or name')
    .option('--limit <n>', `how many (default: ${DEFAULT_LIMIT})`, wholeNumber)
    .action(act(deliveries))
  withExamples(command, [
    ['trotline webhooks deliveries lab', ''],
    ['trotline webhooks deliveries lab --json', 'with the last tries of each'],
  ])
}

async function deliveries(context: Context, wanted: string, options: { limit?: number }): Promise<ExitCode> {
  const { client, out } = context
  const id = await findWebhook(context, wanted)
  const limit = options.limit ?? DEFAULT_LIMIT
  const items: WebhookDelivery[] = []
  let nextCursor: string | null = null
  let now = 0
  do {
    const answer = await client.webhooks.deliveries(id, {
      limit: Math.min(PAGE, limit - items.length),
      ...(nextCursor === null ? {} : { cursor: nextCursor }),
    })
    items.push(...answer.page.items)
    nextCursor = answer.page.nextCursor
    now = answer.now
  } while (nextCursor !== null && items.length < limit)
  if (out.json) await out.answerLine({ items, nextCursor })
  else if (out.quiet) await out.answer(items.map(one => `${one.id}\n`).join(''))
  else if (items.length === 0 && out.answerIsTerminal)
    out.say(`Nothing was sent yet. Next: trotline webhooks test ${id}`)
  else {
    const rows = items.map(one => deliveryRow(one, now, out.answerStyle))
    await out.answer(
      out.answerIsTerminal
        ? table(DELIVERY_COLUMNS, rows, out.width(), out.answerStyle)
        : tabbed(DELIVERY_COLUMNS, rows),
    )
  }
  return EXIT.done
}
