// trotline epochs: the curve. A line per metric on a terminal, a row per epoch into a pipe or with --csv.
import type { Epoch } from '@trotline/contracts'
import { type Command, InvalidArgumentError } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { type EpochView, epochsAfter, namesIn, watchEpochs } from '../follow/watch-epochs.ts'
import { withExamples } from '../help.ts'
import { nextText } from '../text/ending-text.ts'
import { count, figure, metric, metricInFull } from '../text/figures.ts'
import { sparkline } from '../text/sparkline.ts'
import type { Style } from '../text/style.ts'
import { type Column, tabbed, tabbedRows, table } from '../text/table.ts'

export function declareEpochs(program: Command, act: Act): void {
  const command = program
    .command('epochs')
    .description('shows the metrics of every epoch so far')
    .argument('<JOB>', 'id, name, beginning of an id, or last')
    .option('--metric <name>', 'only this metric (again and again, or with commas: in this order)', metricNames, [])
    .option('--csv', 'as comma separated rows; epochs count from 1, values that are no numbers read nan, inf, -inf')
    .option(
      '--watch',
      'go on until the job ends: redrawn on a terminal, else a row for each epoch; the exit code tells how',
    )
    .action(act(epochs))
  withExamples(command, [
    ['trotline epochs last', 'a curve per metric'],
    ['trotline epochs last --metric loss,val_loss --watch', 'two of them, as they grow'],
    ['trotline epochs k3v9 --csv > epochs.csv', ''],
    ['trotline epochs k3v9 | cut -f 1,5', 'piped: tab separated, every digit'],
  ])
}

type Options = {
  csv?: boolean
  watch?: boolean
  /** None: all. */
  metric: readonly string[]
}

/** As an epoch may name them. */
const METRIC = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

function metricNames(text: string, all: readonly string[]): readonly string[] {
  const names = text.split(',').map(name => name.trim())
  if (names.some(name => !METRIC.test(name)))
    throw new InvalidArgumentError('It is the name of a metric, such as val_loss.')
  return [...new Set([...all, ...names])]
}

/** @throws CliError USAGE for a metric that none of the epochs has; where there is no epoch yet nothing is known of them */
function chosen(items: readonly Epoch[], wanted: readonly string[]): readonly string[] {
  const there = namesIn(items)
  if (wanted.length === 0) return there
  const absent = wanted.find(name => items.length > 0 && !there.includes(name))
  if (absent === undefined) return wanted
  throw new CliError('USAGE', `There is no metric "${absent}" in these epochs.`, {
    fix: [`They have ${there.join(', ')}.`],
  })
}

/** @param wanted none: as it is */
function only(epoch: Epoch, wanted: readonly string[]): Epoch {
  if (wanted.length === 0) return epoch
  const those = <T>(values: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(values).filter(([name]) => wanted.includes(name)))
  const { nonFinite, ...rest } = epoch
  const left = those(nonFinite ?? {})
  return { ...rest, values: those(epoch.values), ...(Object.keys(left).length > 0 ? { nonFinite: left } : {}) }
}

async function epochs(context: Context, wanted: string, options: Options): Promise<ExitCode> {
  const { client, out } = context
  const id = await findJob(context, wanted)
  if (options.watch === true) return watchEpochs(context, id, viewOf(options))
  const items = await epochsAfter(client, id, null)
  const names = chosen(items, options.metric)
  if (out.json) await out.answerLine({ items: items.map(epoch => only(epoch, options.metric)), next: null })
  else if (options.csv === true) await out.answer(csv(items, names))
  else if (!out.answerIsTerminal)
    await out.answer(
      tabbed(
        rowColumns(names),
        items.map(epoch => rowOf(epoch, names)),
      ),
    )
  else if (items.length === 0) out.say('No epoch has finished yet.')
  else {
    await out.answer(curves(items, names, out.width(), out.answerStyle))
    out.say(nextText([`trotline epochs ${id} --csv > epochs.csv`], out.sayStyle))
  }
  return EXIT.done
}

const viewOf = ({ csv: asCsv = false, metric: wanted }: Options): EpochView => ({
  names: items => chosen(items, wanted),
  object: epoch => only(epoch, wanted),
  head: names => (asCsv ? csv([], names) : tabbed(rowColumns(names), [])),
  row: (epoch, names) => (asCsv ? csvRow(rowOf(epoch, names)) : tabbedRows([rowOf(epoch, names)])),
  whole: (items, out) =>
    items.length === 0
      ? 'No epoch has finished yet.\n'
      : curves(items, chosen(items, wanted), out.width(), out.answerStyle),
})

const FIXED = ['epoch', 'attempt', 'at', 'seconds']
const rowColumns = (names: readonly string[]): Column[] => [...FIXED, ...names].map(title => ({ title }))
const rowOf = (epoch: Epoch, names: readonly string[]): string[] => [
  String(epoch.epoch + 1),
  String(epoch.attempt),
  epoch.at,
  String(epoch.seconds),
  ...names.map(name => metricInFull(epoch, name)),
]

// No field can hold a comma or a quote: metric names, numbers and times have closed alphabets.
const csv = (items: readonly Epoch[], names: readonly string[]): string =>
  [[...FIXED, ...names], ...items.map(epoch => rowOf(epoch, names))].map(csvRow).join('')
const csvRow = (row: readonly string[]): string => `${row.join(',')}\n`

function curves(items: readonly Epoch[], names: readonly string[], width: number, style: Style): string {
  const last = items.at(-1)
  const numbers = new Map(names.map(name => [name, items.map(epoch => epoch.values[name] ?? null)]))
  const beside = 60
  const size = Math.max(10, Math.min(60, width - beside))
  const rows = names.map(name => {
    const values = numbers.get(name) ?? []
    const curve = sparkline(values, size, style.utf8)
    return [
      name,
      { text: curve, full: curve, paint: style.info },
      (last && metric(last, name)) ?? style.dash,
      extreme(values, (a, b) => a < b),
      extreme(values, (a, b) => a > b),
    ]
  })
  const columns: Column[] = [
    { title: 'METRIC', flexible: true },
    { title: count(items.length, 'EPOCH', 'EPOCHS') },
    { title: 'LAST', align: 'right' },
    { title: 'LOWEST' },
    { title: 'HIGHEST' },
  ]
  return table(columns, rows, width, style) + strays(items, names, style)
}

function extreme(values: readonly (number | null)[], beats: (a: number, b: number) => boolean): string {
  let found: { value: number; epoch: number } | null = null
  for (const [at, value] of values.entries()) {
    if (value !== null && (found === null || beats(value, found.value))) found = { value, epoch: at + 1 }
  }
  return found === null ? '' : `${figure(found.value)} @${found.epoch}`
}

/** "loss became nan at epoch 37, attempt 2": said in words, because a curve can only leave a gap. */
function strays(items: readonly Epoch[], names: readonly string[], style: Style): string {
  return names
    .flatMap(name => {
      const first = items.find(epoch => epoch.nonFinite?.[name] !== undefined)
      if (first === undefined) return []
      return [
        `${style.bad(`${name} became ${metric(first, name)} at epoch ${first.epoch + 1}, attempt ${first.attempt}`)}\n`,
      ]
    })
    .join('')
}
