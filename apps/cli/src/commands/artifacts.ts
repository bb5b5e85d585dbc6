// trotline artifacts: what a training left, and the files themselves, each checked against the digest that the training wrote down.
import { resolve } from 'node:path'
import { type ArtifactPage, isTerminal, type Job } from '@trotline/contracts'
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import { shellLine } from '../api/send-once.ts'
import { fetchFile, fetchToStdout, lookAt } from '../artifacts/fetch-file.ts'
import { fileNameOf } from '../artifacts/file-name.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { withExamples } from '../help.ts'
import { nextText } from '../text/ending-text.ts'
import { bytes, count } from '../text/figures.ts'
import { type Column, tabbed, table } from '../text/table.ts'

const COLUMNS: readonly Column[] = [
  { title: 'PATH', flexible: true },
  { title: 'BYTES', align: 'right' },
  { title: 'TYPE' },
  { title: 'SHA256' },
]

type Options = { output?: string; overwrite?: boolean }
type Items = ArtifactPage['items']

export function declareArtifacts(program: Command, act: Act): void {
  const artifacts = program.command('artifacts').description('what a training left: its model, history and evaluation')
  withExamples(artifacts, [
    ['trotline artifacts list last', ''],
    ['trotline artifacts get last -o model', 'all of it'],
    ['trotline artifacts get k3v9 evaluation.json -o - | jq .kind', 'one file, onto stdout'],
  ])
  const list = artifacts
    .command('list')
    .description('shows which files there are, with size and digest')
    .argument('<JOB>', 'id, name, beginning of an id, or last')
    .action(act(listOf))
  withExamples(list, [
    ['trotline artifacts list last', ''],
    ['trotline artifacts list k3v9 -q', 'their names, one a line'],
  ])
  const get = artifacts
    .command('get')
    .description('fetches files; what comes is checked, and what breaks off goes on where it was')
    .argument('<JOB>', 'id, name, beginning of an id, or last')
    .argument('[PATH...]', 'which files; none: all of them')
    .option('-o, --output <dir>', "where to (default: here; all of them: a folder with the job's id); - is stdout")
    .option('--overwrite', 'replace files that are there and are others')
    .action(act(getFiles))
  withExamples(get, [
    ['trotline artifacts get last', 'all, into a folder with its id'],
    ['trotline artifacts get k3v9 model.json weights.bin -o model', ''],
    ['trotline artifacts get k3v9 history.json -o - > history.json', 'onto stdout'],
  ])
}

async function listOf(context: Context, wanted: string): Promise<ExitCode> {
  const { client, out } = context
  const id = await findJob(context, wanted)
  const page = await client.artifacts.list(id)
  if (out.json) await out.answerLine(page)
  else if (out.quiet) await out.answer(page.items.map(({ path }) => `${path}\n`).join(''))
  else if (page.items.length === 0 && out.answerIsTerminal) out.say(noneText(await client.job(id)))
  else {
    const rows = page.items.map(({ path, bytes: size, type, sha256 }) => [
      path,
      { text: bytes(size), full: String(size) },
      type,
      { text: sha256.slice(0, 12), full: sha256, paint: out.answerStyle.dim },
    ])
    await out.answer(out.answerIsTerminal ? table(COLUMNS, rows, out.width(), out.answerStyle) : tabbed(COLUMNS, rows))
  }
  if (page.items.length > 0) out.say(nextText([`trotline artifacts get ${id}`], out.sayStyle))
  return EXIT.done
}

async function getFiles(context: Context, wanted: string, paths: string[], options: Options): Promise<ExitCode> {
  const { client, out } = context
  const toStdout = options.output === '-'
  if (toStdout && (paths.length !== 1 || out.json))
    throw new CliError('USAGE', '-o - writes the bytes of one file to stdout: name one PATH, and leave --json out.')
  const id = await findJob(context, wanted)
  const there = (await client.artifacts.list(id)).items
  if (there.length === 0) throw none(await client.job(id))
  const chosen = paths.length === 0 ? there : [...new Set(paths)].map(path => chosenOf(there, path, id))
  const [only] = chosen
  if (toStdout && only !== undefined) {
    await fetchToStdout(context, id, only)
    return EXIT.done
  }
  const folder = resolve(context.cwd, options.output ?? (paths.length === 0 ? id : '.'))
  const overwrite = options.overwrite === true
  // All are looked at before the first is fetched, so that what is in the way is said at once.
  for (const one of chosen) await lookAt(folder, one, overwrite)
  for (const one of chosen) {
    const { file, state } = await fetchFile(context, id, one, { folder, overwrite }).catch((error: unknown) => {
      throw explained(error, one.path, [wanted, ...paths], options)
    })
    if (out.json) await out.answerLine({ ...one, file, state })
    else if (out.answerIsTerminal && !out.quiet)
      await out.answer(
        `${out.answerStyle.good(state === 'there' ? 'Was there' : 'Fetched  ')}  ${file}  ${bytes(one.bytes)}\n`,
      )
    else if (!out.quiet) await out.answer(`${file}\n`)
  }
  if (!out.json) {
    const size = chosen.reduce((sum, one) => sum + one.bytes, 0)
    out.say(
      out.sayStyle.dim(`${count(chosen.length, 'file')}, ${bytes(size)}, each with the digest that was written down`),
    )
  }
  return EXIT.done
}

/** The name as it was typed never becomes a path: it picks one of those that the server lists. @throws CliError NO_SUCH_JOB */
function chosenOf(there: Items, path: string, id: string): Items[number] {
  const found = there.find(one => one.path === path)
  if (found === undefined)
    throw new CliError('NO_SUCH_JOB', `${id} left no file ${JSON.stringify(path)}.`, {
      facts: [`It left ${there.map(one => one.path).join(', ')}.`],
      fix: [`trotline artifacts list ${id}`],
    })
  fileNameOf(found.path)
  return found
}

const noneText = ({ id, state }: Job): string =>
  isTerminal(state) ? `${id} is ${state}, and left no files.` : `${id} is ${state}; what it leaves is there at its end.`

function none(job: Job): CliError {
  if (isTerminal(job.state))
    return new CliError('NO_SUCH_JOB', noneText(job), { failed: 'Nothing fetched', fix: [`trotline why ${job.id}`] })
  return new CliError('NOT_ENDED', noneText(job), {
    failed: 'Nothing fetched',
    fix: [`trotline wait ${job.id} && trotline artifacts get ${job.id}`],
  })
}

function explained(error: unknown, path: string, words: readonly string[], { output }: Options): unknown {
  if (!(error instanceof CliError)) return error
  const again = shellLine(['trotline', 'artifacts', 'get', ...words, ...(output === undefined ? [] : ['-o', output])])
  if (error.code === 'INTERRUPTED')
    return new CliError('INTERRUPTED', `Stopped; what came is kept, and goes on with: ${again}`)
  if (!error.transient) return error.with({ failed: `Not fetched: ${path}` })
  return error.with({
    failed: `Not fetched: ${path}`,
    facts: ['What came so far is kept, and the same command goes on from there.'],
    fix: [again],
  })
}
