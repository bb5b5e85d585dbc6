// trotline submit: sends a request, once. The key made here travels with every repetition, so that an answer that was
// lost on the way can be asked for again without a second job.
import { type Job, PRESETS } from '@trotline/contracts'
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import { newKey } from '../api/keys.ts'
import { sendOnce, shellLine } from '../api/send-once.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { seeThrough } from '../follow/see-through.ts'
import { withExamples } from '../help.ts'
import { labels } from '../list/selection.ts'
import { presetOf, presetRequest } from '../request/preset-request.ts'
import { pointerParts, readRequest } from '../request/request-file.ts'
import { parseSetting, setPath } from '../request/set-path.ts'
import { nextText } from '../text/ending-text.ts'
import { checkedText, environmentText, resourcesText, whereOf } from '../text/job-text.ts'
import type { Style } from '../text/style.ts'
import { trainingText } from '../text/training-text.ts'

type Options = {
  set: string[]
  label: string[]
  name?: string
  follow?: boolean
  dryRun?: boolean
  idempotencyKey?: string
}

export function declareSubmit(program: Command, act: Act): void {
  const command = program
    .command('submit')
    .description('sends a training request, YAML or JSON, and prints the id of the job')
    .argument('<FILE|PRESET>', `the request; - reads it from stdin; or one of ${PRESETS.join(', ')}`)
    .option('--follow', 'stay until the job ends; the exit code tells how')
    .option(
      '--set <path=value>',
      'change a field of the request (again and again)',
      (text, all: string[]) => [...all, text],
      [],
    )
    .option('--name <name>', 'the name of the job')
    .option('--label <key=value>', 'a label of the job, to find it by (again and again)', labels, [])
    .option('--dry-run', 'check it and print the script it would run; submits nothing')
    .option('--idempotency-key <key>', 'take up an earlier submit whose answer was lost')
    .action(act(submit))
  withExamples(command, [
    ['trotline submit auto-mpg.yml --follow', 'with a progress bar'],
    ['trotline submit auto-mpg --set resources.partition=shared', 'a preset, by its name'],
    ['trotline submit auto-mpg.yml --set training.epochs=50 --name quick', ''],
    ['trotline submit auto-mpg.yml --dry-run', 'what would run, and would it?'],
  ])
}

async function submit(context: Context, file: string, options: Options): Promise<ExitCode> {
  const { out } = context
  const settings = options.set.map(parseSetting)
  if (file === '-' && context.stdin.isTTY === true) out.say('Reading the request from the terminal; Ctrl-D ends it.')
  const preset = presetOf(file, context.cwd)
  const written =
    preset === null
      ? await readRequest(file, context.stdin)
      : await presetRequest(
          context,
          preset,
          settings.map(({ path }) => path),
        )
  let request = settings.reduce(setPath, written.value)
  if (options.name !== undefined) request = setPath(request, { path: ['name'], value: options.name })
  for (const label of options.label) {
    const at = label.indexOf('=')
    request = setPath(request, { path: ['labels', label.slice(0, at)], value: label.slice(at + 1) })
  }

  const lineOf = (pointer: string): string | null => {
    const field = pointerParts(pointer).join('.')
    if (field === 'name' && options.name !== undefined) return '--name'
    if (options.label.some(label => field === `labels.${label.slice(0, label.indexOf('='))}`)) return '--label'
    const setting = settings.findLast(({ path }) => `${field}.`.startsWith(`${path.join('.')}.`))
    if (setting === undefined) return written.lineOf(pointer)
    const set = setting.path.join('.')
    return set === field ? '--set' : `--set ${set}`
  }
  const failed = options.dryRun === true ? 'It would not be accepted' : 'Not submitted'
  const explained = (error: unknown): unknown =>
    error instanceof CliError && error.code !== 'INTERRUPTED' ? error.with({ failed, lineOf }) : error

  if (options.dryRun === true) {
    return dryRun(context, request).catch(error => {
      throw explained(error)
    })
  }
  const key = options.idempotencyKey ?? newKey()
  const job = await sendOnce(context, () => context.client.submit(request, key), commandLine(file, options, key)).catch(
    error => {
      throw explained(error)
    },
  )
  const follows = options.follow === true
  if (out.json) await out.answerLine(job)
  else if (out.answerIsTerminal && !out.quiet) await out.answer(acceptedText(job, out.answerStyle))
  else {
    out.say(acceptedText(job, out.sayStyle))
    await out.answer(`${job.id}\n`)
  }
  if (!follows) {
    out.say(nextText([`trotline wait ${job.id}`, `trotline logs ${job.id} --follow`], out.sayStyle))
    return EXIT.done
  }
  return seeThrough(context, job, { ending: 'said' })
}

async function dryRun(context: Context, request: unknown): Promise<ExitCode> {
  const { client, out } = context
  const answer = await client.dryRun(request)
  if (out.json) await out.answerLine(answer)
  else {
    const { request: read, notes, script } = answer
    out.say(`It would be accepted  ${read.name}  on ${whereOf(read)}   (dry run: nothing was submitted)`)
    out.say(factLines(answer, notes, out.sayStyle))
    if (!out.quiet) await out.answer(script.endsWith('\n') ? script : `${script}\n`)
  }
  return EXIT.done
}

function acceptedText(job: Job, style: Style): string {
  const head = `${style.good('Accepted')}  ${style.bold(job.id)}  ${job.name}  on ${whereOf(job.request)}`
  const notes = job.notes.map(note => note.text)
  return `${head}\n${factLines(job, notes, style)}\n`
}

function factLines(
  job: Pick<Job, 'request' | 'compatibility' | 'environment'>,
  notes: readonly string[],
  style: Style,
): string {
  const checked = checkedText(job)
  return [
    ['trains', trainingText(job.request)],
    ...(job.environment === null ? [] : [['runs in', environmentText(job)]]),
    ['asks for', resourcesText(job.request)],
    ['checked', checked],
    ...notes.filter(note => !checked.includes(note)).map(note => ['note', note]),
  ]
    .map(([label = '', text = '']) => `  ${style.dim(label.padEnd(8))}  ${text}`)
    .join('\n')
}

/** The same command once more, as a shell reads it. */
function commandLine(file: string, options: Options, key: string): string {
  const words = ['trotline', 'submit', file, ...options.set.flatMap(text => ['--set', text])]
  words.push(...options.label.flatMap(text => ['--label', text]))
  if (options.name !== undefined) words.push('--name', options.name)
  if (options.follow === true) words.push('--follow')
  words.push('--idempotency-key', key)
  return shellLine(words)
}
