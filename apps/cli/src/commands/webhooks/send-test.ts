// trotline webhooks test: sends a message that says it is a test, and waits for what the receiver makes of it.
import type { WebhookDelivery } from '@trotline/contracts'
import type { Command } from 'commander'
import type { Act } from '../../act.ts'
import { pause } from '../../api/pause.ts'
import type { Context } from '../../context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { findWebhook } from '../../find-webhook.ts'
import { withExamples } from '../../help.ts'
import { nextText } from '../../text/ending-text.ts'
import { lastTryText } from '../../text/webhook-text.ts'
import { milliseconds } from '../wait.ts'

const POLL_MS = 500
/** A receiver is given up after less. */
const PATIENCE_MS = 60_000

export function declareTestWebhook(webhooks: Command, act: Act): void {
  const command = webhooks
    .command('test')
    .description('sends a test, once, and says how it was answered (exit 10: it did not arrive)')
    .argument('<WEBHOOK>', 'id, beginning of an id, or name')
    .option('--timeout <duration>', 'wait so long for the answer, such as 10s (exit 8; default: 60s)', milliseconds)
    .action(act(test))
  withExamples(command, [
    ['trotline webhooks test lab', ''],
    ['trotline webhooks test lab --json', 'the delivery with its try'],
  ])
}

async function test(context: Context, wanted: string, options: { timeout?: number }): Promise<ExitCode> {
  const { client, out, interrupt } = context
  const id = await findWebhook(context, wanted)
  let delivery = await client.webhooks.test(id)
  const until = performance.now() + (options.timeout ?? PATIENCE_MS)
  const waiting = out.sayStyle.dim(`waiting for the receiver ${out.sayStyle.dots}`)
  while (delivery.status === 'waiting' && performance.now() < until) {
    out.live(waiting)
    await pause(POLL_MS, interrupt)
    // It is the newest, or nearly so.
    const { page } = await client.webhooks.deliveries(id, { limit: 20 })
    delivery = page.items.find(one => one.id === delivery.id) ?? delivery
  }
  out.live(null)
  if (out.json) await out.answerLine(delivery)
  else if (!out.quiet) {
    const text = `${delivery.status}  ${lastTryText(delivery)}`.trimEnd()
    await out.answer(
      out.answerIsTerminal ? `${text}\n` : `${delivery.id}\t${delivery.status}\t${lastTryText(delivery)}\n`,
    )
    if (delivery.status !== 'delivered') out.say(nextText([`trotline webhooks deliveries ${id}`], out.sayStyle))
  }
  return exitOfDelivery(delivery)
}

const exitOfDelivery = ({ status }: WebhookDelivery): ExitCode =>
  status === 'delivered' ? EXIT.done : status === 'waiting' ? EXIT.notEnded : EXIT.failed
