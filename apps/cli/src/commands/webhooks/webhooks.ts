// trotline webhooks: who is told when jobs end, and whether it arrives. Each verb declares itself here or in a file beside this one.
import type { Command } from 'commander'
import type { Act } from '../../act.ts'
import type { Context } from '../../context.ts'
import { each } from '../../each-job.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { allWebhooks, findWebhook } from '../../find-webhook.ts'
import { withExamples } from '../../help.ts'
import { nextText } from '../../text/ending-text.ts'
import { tabbed, table } from '../../text/table.ts'
import { WEBHOOK_COLUMNS, webhookFacts, webhookRow } from '../../text/webhook-text.ts'
import { declareCreateWebhook } from './create.ts'
import { declareDeliveries } from './deliveries.ts'
import { declareTestWebhook } from './send-test.ts'

export const WEBHOOK = 'id, beginning of an id, or name'

export function declareWebhooks(program: Command, act: Act): void {
  const webhooks = program.command('webhooks').description('who is told when jobs end or wait for you: signed messages')
  withExamples(webhooks, [
    ['trotline webhooks create https://hooks.example.org/t --name lab', 'its secret is shown once'],
    ['trotline webhooks test lab', 'does it arrive?'],
    ['trotline webhooks deliveries lab', 'what was sent, and how it was answered'],
    ['trotline webhooks resume lab', 'parked messages are sent after all'],
  ])
  const list = webhooks.command('list').description('shows your webhooks').action(act(listAll))
  withExamples(list, [['trotline webhooks list', '']])
  const show = webhooks
    .command('show')
    .description('shows one: what it tells of, and whether it gets through')
    .argument('<WEBHOOK>', WEBHOOK)
    .action(act(showOne))
  withExamples(show, [['trotline webhooks show lab', '']])
  declareCreateWebhook(webhooks, act)
  declareTestWebhook(webhooks, act)
  declareDeliveries(webhooks, act)
  const resume = webhooks
    .command('resume')
    .description('has a parked one send again, what is parked first')
    .argument('<WEBHOOK...>', WEBHOOK)
    .action(act(resumeEach))
  withExamples(resume, [['trotline webhooks resume lab', '']])
  const remove = webhooks
    .command('remove')
    .description('takes one away; what waits is not sent any more')
    .argument('<WEBHOOK...>', WEBHOOK)
    .action(act(removeEach))
  withExamples(remove, [['trotline webhooks remove lab', '']])
}

async function listAll(context: Context): Promise<ExitCode> {
  const { out } = context
  const items = await allWebhooks(context)
  if (out.json) await out.answerLine({ items, nextCursor: null })
  else if (out.quiet) await out.answer(items.map(({ id }) => `${id}\n`).join(''))
  else if (items.length === 0 && out.answerIsTerminal)
    out.say('You have no webhook. Next: trotline webhooks create URL')
  else {
    const rows = items.map(one => webhookRow(one, out.answerStyle))
    await out.answer(
      out.answerIsTerminal ? table(WEBHOOK_COLUMNS, rows, out.width(), out.answerStyle) : tabbed(WEBHOOK_COLUMNS, rows),
    )
  }
  return EXIT.done
}

async function showOne(context: Context, wanted: string): Promise<ExitCode> {
  const { client, out } = context
  const { webhook, now } = await client.webhooks.show(await findWebhook(context, wanted))
  const { id, name } = webhook
  const facts = webhookFacts(webhook, now)
  const style = out.answerStyle
  if (out.json) await out.answerLine(webhook)
  else if (out.answerIsTerminal && !out.quiet)
    await out.answer(
      `${style.bold(id)}${name === null ? '' : `  ${name}`}\n${facts.map(({ label, text }) => `  ${style.dim(label.padEnd(8))}  ${text}\n`).join('')}`,
    )
  else if (!out.quiet) {
    const rows = [['id', id], ['name', name ?? ''], ...facts.map(({ label, text, full = text }) => [label, full])]
    await out.answer(tabbed([{ title: 'FIELD' }, { title: 'VALUE' }], rows))
  }
  if (!out.json)
    out.say(
      nextText(
        webhook.parked === null
          ? [`trotline webhooks deliveries ${id}`]
          : [`trotline webhooks test ${id}`, `trotline webhooks resume ${id}`],
        out.sayStyle,
      ),
    )
  return EXIT.done
}

const resumeEach = (context: Context, words: string[]): Promise<ExitCode> =>
  each(context, words, 'Not resumed', async word => {
    const { client, out } = context
    const webhook = await client.webhooks.resume(await findWebhook(context, word))
    if (out.json) await out.answerLine(webhook)
    else if (!out.quiet) await out.answer(out.answerIsTerminal ? `Resumed  ${webhook.id}\n` : `${webhook.id}\n`)
    return EXIT.done
  })

const removeEach = (context: Context, words: string[]): Promise<ExitCode> =>
  each(context, words, 'Not removed', async word => {
    const { client, out } = context
    const id = await findWebhook(context, word)
    await client.webhooks.remove(id)
    if (out.json) await out.answerLine({ id, removed: true })
    else if (!out.quiet) await out.answer(out.answerIsTerminal ? `Removed  ${id}\n` : `${id}\n`)
    return EXIT.done
  })
