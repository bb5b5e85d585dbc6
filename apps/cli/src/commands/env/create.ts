// trotline env create: a spec is solved for a target, or a lock is taken as it is. What comes out is kept under its id for good.
import type { EnvironmentMade } from '@trotline/contracts'
import { type Command, InvalidArgumentError } from 'commander'
import { LineCounter, parseDocument } from 'yaml'
import type { Act } from '../../act.ts'
import type { Context } from '../../context.ts'
import { CliError } from '../../errors.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { findCluster } from '../../find-cluster.ts'
import { createStepReporter } from '../../follow/step-reporter.ts'
import { withExamples } from '../../help.ts'
import { readText } from '../../request/read-text.ts'
import { lineInYaml } from '../../request/request-file.ts'
import { nextText } from '../../text/ending-text.ts'
import { nameOf, packagesText, shortId, solveView } from '../../text/environment-text.ts'
import { count } from '../../text/figures.ts'
import type { Style } from '../../text/style.ts'

type Options = {
  name?: string
  lock?: boolean
  cluster?: string
  partition?: string
  gpuType?: string
  platform?: string
  virtual: [string, string | null][]
  fresh?: boolean
  snapshot?: string
}

const NAMES = ['__cuda', '__cuda_arch', '__glibc', '__linux', '__archspec']
/** As large as the server takes. */
const MOST_BYTES = { spec: 65_536, lock: 8_388_608 } as const

export function declareCreate(env: Command, act: Act): void {
  const command = env
    .command('create')
    .description('solves an environment.yml for where it is to run, or takes a lock as it is, and prints its id')
    .argument('<FILE>', 'environment.yml; with --lock: @EXPLICIT, conda-lock, pixi.lock or our own; - reads stdin')
    .option('--name <name>', 'keep it as the next version of that name: ml becomes ml@1, ml@2 …')
    .option('--partition <partition>', 'solve it for the nodes of this partition, as they were measured')
    .option('--cluster <name>', "the partition's; may be left out where there is only one")
    .option('--gpu-type <type>', 'one of the GPU types of the partition')
    .option(
      '--virtual <name=version>',
      'in place of a partition: __cuda=9.2, __glibc=2.28; __cuda= for a node without (again and again)',
      (text, all: [string, string | null][]) => [...all, virtualOf(text)],
      [],
    )
    .option('--platform <platform>', 'with --virtual: linux-64 (default), linux-aarch64, linux-ppc64le')
    .option('--lock', 'FILE is a lock: nothing is solved')
    .option('--fresh', 'look at the channels now, however new our copy is')
    .option('--snapshot <id>', 'solve against the state of the channels that an earlier solve saw')
    .action(act(create))
  withExamples(command, [
    ['trotline env create environment.yml --partition gpu --name ml', ''],
    ['trotline env create environment.yml --virtual __cuda=9.2 --virtual __glibc=2.28', 'no cluster needed'],
    ['trotline env create conda-lock.yml --lock --name ml', 'the same packages as on the other machine'],
    ['LOCK=$(trotline env create environment.yml --partition gpu)', 'piped, it prints the id alone'],
  ])
}

function virtualOf(text: string): [string, string | null] {
  const [, name = '', version = ''] = /^(__[a-z_]+)=(.*)$/.exec(text) ?? []
  if (!NAMES.includes(name))
    throw new InvalidArgumentError(`It is one of ${NAMES.join(', ')}, with a version: __cuda=9.2`)
  return [name, version === '' ? null : version]
}

async function create(context: Context, file: string, options: Options): Promise<ExitCode> {
  const { client, out, interrupt } = context
  const what = options.lock === true ? 'lock' : 'spec'
  const text = await readText(file, context.stdin, { most: MOST_BYTES[what], failed: 'Not created' })
  const request = {
    ...(options.name === undefined ? {} : { name: options.name }),
    [what]: text,
    ...(await targetOf(context, options)),
    ...repodataOf(options),
  }
  const head = options.name ?? (file === '-' ? 'environment' : file)
  const reporter = createStepReporter(out, head)
  const made = await client.environments
    .create(request, interrupt, progress => reporter.show(solveView(progress)))
    .catch(error => {
      throw explained(error, file, text)
    })
    .finally(() => reporter.end())
  const name = nameOf(made)
  if (out.json) await out.answerLine(made)
  else if (out.answerIsTerminal && !out.quiet) await out.answer(madeText(made, out.answerStyle))
  else {
    out.say(madeText(made, out.sayStyle))
    await out.answer(`${made.id}\n`)
  }
  out.say(nextText([`trotline env build ${name} --follow`, `trotline env lock ${name}`], out.sayStyle))
  return EXIT.done
}

async function targetOf(context: Context, options: Options): Promise<{ target?: unknown }> {
  const { partition, gpuType, virtual, platform } = options
  if (partition !== undefined && virtual.length > 0)
    throw usage('--partition and --virtual both say where it is to run: leave one of the two out.')
  if (partition !== undefined) {
    const cluster = await findCluster(context, options.cluster)
    return { target: { cluster, partition, ...(gpuType === undefined ? {} : { gpuType }) } }
  }
  if (virtual.length > 0)
    return {
      target: { ...(platform === undefined ? {} : { platform }), virtualPackages: Object.fromEntries(virtual) },
    }
  if (options.lock === true) return {}
  throw new CliError('USAGE', 'For which nodes? What is solved depends on their driver, glibc and processor.', {
    failed: 'Not created',
    fix: ['--partition gpu, or --virtual __cuda=9.2 --virtual __glibc=2.28'],
  })
}

function repodataOf({ fresh, snapshot, lock }: Options): { repodata?: unknown } {
  if (fresh === true && snapshot !== undefined)
    throw usage('--fresh and --snapshot are two different states of the channels.')
  if (lock === true && (fresh === true || snapshot !== undefined)) throw usage('With --lock nothing is solved.')
  if (fresh === true) return { repodata: 'fresh' }
  return snapshot === undefined ? {} : { repodata: { snapshot } }
}

const usage = (message: string): CliError => new CliError('USAGE', message, { failed: 'Not created' })

/** Findings point into the spec; people look for a line in their file. */
function explained(error: unknown, file: string, text: string): unknown {
  if (!(error instanceof CliError) || error.code === 'INTERRUPTED') return error
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineOf = (pointer: string): string | null =>
    lineInYaml(document, lines, pointer.replace(/^#?\/(spec|lock)/, ''), file === '-' ? 'stdin' : file)
  return error.with({ failed: 'Not created', lineOf })
}

function madeText(made: EnvironmentMade, style: Style): string {
  const { compatibility, created, names, id } = made
  const head = created ? style.good('Created') : style.good('There already')
  const name = names.length === 0 ? '' : `  ${style.bold(names.at(-1) ?? '')}`
  const facts: [string, string][] = [
    ['has', packagesText(made)],
    ...made.requirements.map((text): [string, string] => ['needs', text]),
    ...(compatibility === null
      ? []
      : [['checked', `${compatibility.verdict}: ${compatibility.detail}`] as [string, string]]),
    ...(made.snapshot === null
      ? []
      : [
          [
            'solved',
            `against snapshot ${shortId(made.snapshot.id)} (${count(made.snapshot.channels.length, 'document')})`,
          ] as [string, string],
        ]),
    ...made.notes.map((text): [string, string] => ['note', text]),
  ]
  return `${head}  ${shortId(id)}${name}\n${facts.map(([label, text]) => `  ${style.dim(label.padEnd(8))}  ${text}`).join('\n')}\n`
}
