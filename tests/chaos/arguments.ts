// The words after `npm run chaos --`.
import { parseArgs } from 'node:util'

export const HELP = `A stream of training jobs on a real Slurm, while its parts are broken one after another; then the books are audited.

  npm run chaos -- --minutes 30 --seed 7     faults for so long, in the order that the seed gives; then everything is left to end
  npm run chaos -- --only NAME,...           these faults and no other
  npm run chaos -- --jobs-per-minute N       default 20
  npm run chaos -- --cuts 1000               instead: so many submissions, each cut at random bytes; nothing doubled, nothing lost
  npm run chaos -- --keep                    leaves the folder with all logs and job directories
  npm run chaos -- --list                    the faults
  npm run chaos -- --help                    this text

Ends with 0 where nothing was lost, doubled or told falsely and every fault that ran was felt; with 1 otherwise.
`

export interface Wanted {
  minutes: number
  seed: number
  only: string[] | null
  jobsPerMinute: number
  cuts: number | null
  keep: boolean
  list: boolean
  help: boolean
}

/** @throws Error with a sentence for people */
export function readArguments(argv: readonly string[], faults: readonly string[]): Wanted {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      'jobs-per-minute': { type: 'string', default: '20' },
      cuts: { type: 'string' },
      keep: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const only = values.only === undefined ? null : values.only.split(',').filter(name => name !== '')
  const unknown = only?.find(name => !faults.includes(name))
  if (unknown !== undefined) throw new Error(`--only: there is no fault "${unknown}"; there are ${faults.join(', ')}`)
  return {
    minutes: number('--minutes', values.minutes, 0.5, 24 * 60),
    seed: number('--seed', values.seed, 0, 2 ** 32),
    only,
    jobsPerMinute: number('--jobs-per-minute', values['jobs-per-minute'], 1, 600),
    cuts: values.cuts === undefined ? null : number('--cuts', values.cuts, 1, 100_000),
    keep: values.keep,
    list: values.list,
    help: values.help,
  }
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= least && value <= most) return value
  throw new Error(`${name} takes a number from ${least} to ${most}; "${text}" is none`)
}
