// trotline webhooks create: says who is to be told of what. The secret that signs the messages is in this one answer and in no other.
import { WEBHOOK_EVENTS, WEBHOOK_FORMATS, type WebhookCreated, type WebhookEvent } from '@trotline/contracts'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Act } from '../../act.ts'
import { newKey } from '../../api/keys.ts'
import { sendOnce, shellLine } from '../../api/send-once.ts'
import type { Context } from '../../context.ts'
import { CliError } from '../../errors.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { findJob } from '../../find-job.ts'
import { withExamples } from '../../help.ts'
import { labels } from '../../list/selection.ts'
import { readText } from '../../request/read-text.ts'
import { nextText } from '../../text/ending-text.ts'
import { tabbed } from '../../text/table.ts'
import { webhookFacts } from '../../text/webhook-text.ts'

type Options = {
  name?: string
  event: WebhookEvent[]
  label: string[]
  job?: string
  everyone?: boolean
  format?: string
  secretFile?: string
  idempotencyKey?: string
}

const SECRET_BYTES = 4096

export function declareCreateWebhook(webhooks: Command, act: Act): void {
  const command = webhooks
    .command('create')
    .description('has an address told of your jobs, and shows once the secret that signs what it is sent')
    .argument('<URL>', 'who is told')
    .option('--name <name>', 'what you call it')
    .option(
      '--event <event>',
      `of what (again and again, or with commas): ${WEBHOOK_EVENTS.join(', ')} (default: failed, held, completed-long)`,
      (text, all: readonly WebhookEvent[]) => [...all, ...eventsOf(text)],
      [],
    )
    .option('--label <key=value>', 'only of jobs with this label (again and again: with all of them)', labels, [])
    .option('--job <JOB>', 'only of this job')
    .option('--everyone', 'for operators: of the jobs of everyone')
    .addOption(new Option('--format <format>', 'of the messages').choices(WEBHOOK_FORMATS))
    .option(
      '--secret-file <file>',
      'your own secret (whsec_…) in place of a new one; - is stdin. Never a flag: flags show in ps',
    )
    .option('--idempotency-key <key>', 'take up an earlier one whose answer was lost')
    .action(act(create))
  withExamples(command, [
    ['trotline webhooks create https://hooks.example.org/t --name lab', ''],
    ['trotline webhooks create https://ntfy.example.org/t --format text --event failed,held', 'a phone'],
    ['trotline webhooks create URL --label project=reef --json | jq -r .secret', 'the secret alone, for a file'],
  ])
}

function eventsOf(text: string): WebhookEvent[] {
  return text.split(',').map(word => {
    const known = WEBHOOK_EVENTS.find(one => one === word.trim())
    if (known === undefined) throw new InvalidArgumentError(`It is one of ${WEBHOOK_EVENTS.join(', ')}.`)
    return known
  })
}

async function create(context: Context, url: string, options: Options): Promise<ExitCode> {
  const { client, out } = context
  const own = options.secretFile === undefined ? null : await secretOf(context, options.secretFile)
  if (out.quiet && !out.json && own === null)
    throw new CliError('USAGE', 'With -q the secret would be shown nowhere, and it is shown only once.', {
      failed: 'Not created',
      fix: ['Leave -q out, or bring a secret of your own: --secret-file FILE'],
    })
  const { name, event, label, job, everyone, format } = options
  const request = {
    url,
    ...(name === undefined ? {} : { name }),
    ...(event.length === 0 ? {} : { events: [...new Set(event)] }),
    ...(label.length === 0 ? {} : { labels: Object.fromEntries(label.map(pairOf)) }),
    ...(job === undefined ? {} : { job: await findJob(context, job) }),
    ...(everyone === true ? { everyone } : {}),
    ...(format === undefined ? {} : { format }),
    ...(own === null ? {} : { secret: own }),
  }
  const key = options.idempotencyKey ?? newKey()
  const again = shellLine(['trotline', 'webhooks', 'create', url, ...flagsOf(options), '--idempotency-key', key])
  const made = await sendOnce(context, () => client.webhooks.create(request, key), again).catch((error: unknown) => {
    throw error instanceof CliError && error.code !== 'INTERRUPTED' ? error.with({ failed: 'Not created' }) : error
  })
  await answer(context, made, own !== null)
  return EXIT.done
}

async function answer({ out }: Context, made: WebhookCreated, own: boolean): Promise<void> {
  const { id, secret } = made
  if (out.json) await out.answerLine(made)
  else if (out.quiet) await out.answer(`${id}\n`)
  else if (out.answerIsTerminal) {
    const style = out.answerStyle
    const facts = webhookFacts(made, Date.parse(made.createdAt)).filter(({ label }) =>
      /^(url|tells|of|format)/.test(label),
    )
    const lines = [...facts.map(({ label, text }) => [label, text]), ...(own ? [] : [['secret', secret]])]
    await out.answer(
      `${style.good('Created')}  ${style.bold(id)}\n${lines.map(([label = '', text]) => `  ${style.dim(label.padEnd(8))}  ${text}\n`).join('')}`,
    )
  } else {
    const rows = [['id', id], ['url', made.url], ...(own ? [] : [['secret', secret]])]
    await out.answer(tabbed([{ title: 'FIELD' }, { title: 'VALUE' }], rows))
  }
  if (!own) out.say(out.sayStyle.warn('The secret will not be shown again: keep it where the receiver reads it.'))
  if (!out.json) out.say(nextText([`trotline webhooks test ${id}`], out.sayStyle))
}

async function secretOf({ stdin }: Context, file: string): Promise<string> {
  const text = (await readText(file, stdin, { most: SECRET_BYTES, failed: 'Not created' })).trim()
  if (/^whsec_[A-Za-z0-9+/=]+$/.test(text)) return text
  throw new CliError('USAGE', `What stands in ${file === '-' ? 'stdin' : file} is not a secret.`, {
    failed: 'Not created',
    fix: ['It is whsec_ and 24 to 64 bytes in base64, on one line.'],
  })
}

const pairOf = (label: string): [string, string] => {
  const at = label.indexOf('=')
  return [label.slice(0, at), label.slice(at + 1)]
}

function flagsOf({ name, event, label, job, everyone, format, secretFile }: Options): string[] {
  const flag = (flagName: string, value: string | undefined): string[] => (value === undefined ? [] : [flagName, value])
  return [
    ...flag('--name', name),
    ...flag('--event', event.length === 0 ? undefined : event.join(',')),
    ...label.flatMap(one => ['--label', one]),
    ...flag('--job', job),
    ...(everyone === true ? ['--everyone'] : []),
    ...flag('--format', format),
    ...flag('--secret-file', secretFile),
  ]
}
