// trotline check: would this software run on that hardware? Asked before anything is installed or queued.
import type { CompatibilityReport, SuggestAnswer } from '@trotline/contracts'
import { type Command, InvalidArgumentError } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { CliError, type LineOf } from '../errors.ts'
import { EXIT, type ExitCode, exitOfVerdict } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { readRequest } from '../request/request-file.ts'
import { parseSetting, setPath } from '../request/set-path.ts'
import { reportText, suggestText } from '../text/compatibility-text.ts'

/** Flags by the field of the question that each is. */
const FIELDS = {
  cluster: 'cluster',
  partition: 'partition',
  gpuType: 'gpuType',
  driver: 'driver',
  gpu: 'gpu',
  computeCapability: 'computeCapability',
  cuda: 'cuda',
  cudnn: 'cudnn',
  wheel: 'wheelTag',
  build: 'condaBuild',
  spec: 'condaSpec',
  python: 'python',
  channel: 'channel',
  package: 'package',
  glibc: 'glibc',
  arch: 'cpuArch',
} as const
type Field = (typeof FIELDS)[keyof typeof FIELDS]
type Options = { [Flag in keyof typeof FIELDS]?: string } & {
  framework?: { name: string; version?: string }
  set: string[]
  suggest?: boolean
}

/** What a suggestion is asked for by: the rest of a question is software that is looked for. */
const OF_SUGGEST = new Set(
  'cluster partition gpuType driver gpu computeCapability glibc cpuArch slurmFeatures python'.split(' '),
)

export function declareCheck(program: Command, act: Act): void {
  const command = program
    .command('check')
    .description('tells whether software runs on a GPU and its driver, and what would run instead; queues nothing')
    .argument('[FILE]', 'the question, YAML or JSON; - reads it from stdin; flags stand above it')
    .option('--cluster <name>', 'with --partition: its nodes, as they are known')
    .option('--partition <name>', 'in place of --driver and --gpu')
    .option('--gpu-type <type>', 'one of the GPU types of the partition')
    .option('--driver <version>', "NVIDIA's driver: 550.54.15")
    .option('--gpu <name>', "a product, a short name or Slurm's type: K80, tesla_v100")
    .option('--compute-capability <version>', 'in place of --gpu: 8.0')
    .option('--framework <name==version>', 'pytorch, tensorflow, jax, tfjs-node-gpu, cuda-runtime', frameworkOf)
    .option('--cuda <version>', 'CUDA of the build')
    .option('--wheel <tag>', 'of a wheel: cu121')
    .option('--build <string>', 'a build string of conda: py3.7_cuda9.2.148_cudnn7.6.3_0')
    .option('--spec <spec>', "a match spec of conda: 'pytorch::pytorch=1.3=*cuda9.2*'")
    .option('--python <version>', '')
    .option('--cudnn <version>', '')
    .option('--channel <name>', 'pip, npm, conda:pytorch, conda:defaults, conda:conda-forge')
    .option('--package <name>', 'tensorflow and tensorflow-gpu are two')
    .option('--glibc <version>', '')
    .option('--arch <name>', 'x86_64, aarch64')
    .option(
      '--set <field=value>',
      'any other field of the question (again and again)',
      (text, all: string[]) => [...all, text],
      [],
    )
    .option('--suggest', 'the newest releases that run there; of all frameworks where none is named')
    .action(act(check))
  withExamples(command, [
    ['trotline check --driver 396.37 --gpu K80 --framework pytorch==2.1.2 --wheel cu121 --channel pip', ''],
    ["trotline check --cluster local --partition gpuk80 --spec 'pytorch::pytorch=1.3=*cuda9.2*' --python 3.6", ''],
    ['trotline check --cluster local --partition gpuk80 --suggest', 'what runs there at all?'],
    ['trotline check question.yml -q && pip install torch', '0 runs, 5 does not, 9 nobody can tell'],
  ])
}

function frameworkOf(text: string): { name: string; version?: string } {
  const [, name, version] = /^([A-Za-z0-9_.-]+?)(?:==?(.+))?$/.exec(text) ?? []
  if (name === undefined) throw new InvalidArgumentError('It is a name and a version: pytorch==2.1.2')
  return version === undefined ? { name } : { name, version }
}

async function check(context: Context, file: string | undefined, options: Options): Promise<ExitCode> {
  const { client } = context
  const { question, lineOf } = await questionOf(context, file, options)
  const explained = (error: unknown): never => {
    throw error instanceof CliError && error.code !== 'INTERRUPTED'
      ? error.with({ failed: 'Not checked', lineOf })
      : error
  }
  const named = Object.keys(question).filter(field => !OF_SUGGEST.has(field))
  // A framework alone is what a suggestion is asked for.
  const asks = named.some(field => options.suggest !== true || field !== 'framework')
  if (!asks && options.suggest !== true) throw nothingAsked(question)
  const checked = asks ? await client.check(question).catch(explained) : null
  const suggested = options.suggest === true ? await client.suggest(hardwareOf(question)).catch(explained) : null
  await show(context, checked, suggested)
  if (checked !== null) return exitOfVerdict(checked.report.verdict)
  return suggested?.answer.frameworks.some(({ newest }) => newest.length > 0) ? EXIT.done : EXIT.unknown
}

async function show(
  { out }: Context,
  checked: { report: CompatibilityReport; now: number } | null,
  suggested: { answer: SuggestAnswer; now: number } | null,
): Promise<void> {
  if (out.json) {
    if (checked !== null) await out.answerLine(checked.report)
    if (suggested !== null) await out.answerLine(suggested.answer)
    return
  }
  if (out.quiet) return
  const lines: string[] = []
  if (checked !== null) lines.push(...reportText(checked.report, checked.now, out.answerStyle, out.width()))
  if (suggested !== null) {
    if (checked !== null) lines.push('', 'The newest that run there:')
    lines.push(...suggestText(suggested.answer, suggested.now, out.answerStyle, out.width()))
  }
  await out.answer(`${lines.join('\n')}\n`)
}

async function questionOf(
  context: Context,
  file: string | undefined,
  options: Options,
): Promise<{ question: Record<string, unknown>; lineOf: LineOf }> {
  const written =
    file === undefined
      ? null
      : await readRequest(file, context.stdin).catch(error => {
          throw error instanceof CliError ? error.with({ failed: 'Not checked' }) : error
        })
  let question: unknown = written?.value ?? {}
  if (isJobRequest(question))
    throw new CliError('USAGE', `${file} is a request for a job, not a question.`, {
      failed: 'Not checked',
      fix: [`trotline submit ${file} --dry-run checks it as it would be checked when it is sent.`],
    })
  const set = (field: Field | 'framework' | 'frameworkVersion', value: string): void => {
    question = setPath(question, { path: [field], value })
  }
  for (const [flag, field] of Object.entries(FIELDS) as [keyof typeof FIELDS, Field][]) {
    const value = options[flag]
    if (value !== undefined) set(field, value)
  }
  if (options.framework !== undefined) set('framework', options.framework.name)
  if (options.framework?.version !== undefined) set('frameworkVersion', options.framework.version)
  question = options.set.map(parseSetting).reduce(setPath, question)
  const number = Object.entries(question as object).find(
    ([field, value]) => typeof value === 'number' && field !== 'napi',
  )
  if (number !== undefined) throw unquoted(...number)
  return { question: question as Record<string, unknown>, lineOf: written?.lineOf ?? (() => null) }
}

const isJobRequest = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'resources' in value && 'training' in value

/** The framework that is named is the one that is looked for. */
const hardwareOf = (question: Record<string, unknown>): Record<string, unknown> => ({
  ...Object.fromEntries(Object.entries(question).filter(([field]) => OF_SUGGEST.has(field))),
  ...(typeof question.framework === 'string' ? { frameworks: [question.framework] } : {}),
})

const unquoted = (field: string, value: number): CliError =>
  new CliError('USAGE', `${field} is the number ${value} there, and versions are text: 3.10 is read as 3.1.`, {
    failed: 'Not checked',
    fix: [`Write it in quotes, as in ${field}: "3.10"`],
  })

const nothingAsked = (question: Record<string, unknown>): CliError =>
  new CliError('USAGE', 'There is no software in the question.', {
    failed: 'Not checked',
    fix: [
      Object.keys(question).length === 0
        ? 'trotline check --driver 396.37 --gpu K80 --framework pytorch==2.1.2 --wheel cu121'
        : 'Name it: --framework pytorch==2.1.2 --wheel cu121; or --suggest, for what runs there.',
    ],
  })
