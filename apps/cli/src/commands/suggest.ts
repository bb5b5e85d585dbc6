// trotline suggest: what is the newest that runs there? Asked of hardware alone; check asks about software.
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { findCluster } from '../find-cluster.ts'
import { withExamples } from '../help.ts'
import { suggestText } from '../text/compatibility-text.ts'
import { tabbed } from '../text/table.ts'

/** Flags by the field of the question that each is. */
const FIELDS = {
  cluster: 'cluster',
  partition: 'partition',
  gpuType: 'gpuType',
  driver: 'driver',
  gpu: 'gpu',
  computeCapability: 'computeCapability',
  glibc: 'glibc',
  arch: 'cpuArch',
  python: 'python',
} as const
type Options = { [Flag in keyof typeof FIELDS]?: string } & { framework: string[] }

export function declareSuggest(program: Command, act: Act): void {
  const command = program
    .command('suggest')
    .description('names the newest releases that run on a partition, or on a GPU and its driver')
    .option('--cluster <name>', 'whose partition; may be left out where there is only one')
    .option('--partition <name>', 'its nodes, as they are known')
    .option('--gpu-type <type>', 'one of the GPU types of the partition')
    .option('--gpu <name>', "a product, a short name or Slurm's type: V100, tesla_v100")
    .option('--driver <version>', "NVIDIA's driver: 550.54.15")
    .option('--compute-capability <version>', 'in place of --gpu: 7.0')
    .option('--python <version>', 'only what has a build for it')
    .option('--glibc <version>', 'of the nodes')
    .option('--arch <name>', 'x86_64, aarch64')
    .option('--framework <name>', 'only this one (again and again)', (text, all: string[]) => [...all, text], [])
    .action(act(suggest))
  withExamples(command, [
    ['trotline suggest --partition gpu', ''],
    ['trotline suggest --gpu V100 --driver 550.54.15 --framework pytorch', ''],
    ['trotline suggest --gpu K80 --driver 396.37 --python 3.7', ''],
  ])
}

async function suggest(context: Context, options: Options): Promise<ExitCode> {
  const { client, out } = context
  const fields = (Object.entries(FIELDS) as [keyof typeof FIELDS, string][]).flatMap(([flag, field]) => {
    const value = options[flag]
    return value === undefined ? [] : [[field, value] as const]
  })
  if (fields.length === 0) {
    throw new CliError('USAGE', 'Which hardware?', {
      fix: ['trotline suggest --partition PARTITION', 'trotline suggest --gpu V100 --driver 550.54.15'],
    })
  }
  const cluster =
    options.partition !== undefined && options.cluster === undefined
      ? { cluster: await findCluster(context, undefined) }
      : {}
  const frameworks = options.framework.length === 0 ? {} : { frameworks: options.framework }
  const hardware = { ...Object.fromEntries(fields), ...cluster, ...frameworks }
  const { answer, now } = await client.suggest(hardware).catch((error: unknown): never => {
    throw error instanceof CliError && error.code !== 'INTERRUPTED'
      ? error.with({ failed: 'Nothing suggested' })
      : error
  })
  const found = answer.frameworks.flatMap(({ framework, newest }) => newest.map(one => ({ framework, one })))
  if (out.json) await out.answerLine(answer)
  else if (out.quiet)
    await out.answer(found.map(({ one }) => (one.install === null ? '' : `${one.install}\n`)).join(''))
  else if (out.answerIsTerminal)
    await out.answer(`${suggestText(answer, now, out.answerStyle, out.width()).join('\n')}\n`)
  else {
    const columns = ['FRAMEWORK', 'VERSION', 'VERDICT', 'INSTALL', 'DETAIL'].map(title => ({ title }))
    const rows = answer.frameworks.flatMap(({ framework, newest, detail }) =>
      newest.length === 0
        ? [[framework, '', 'none', '', detail]]
        : newest.map(one => [
            framework,
            one.software.frameworkVersion ?? '',
            one.verdict,
            one.install ?? '',
            one.detail,
          ]),
    )
    await out.answer(tabbed(columns, rows))
  }
  return found.length > 0 ? EXIT.done : EXIT.unknown
}
