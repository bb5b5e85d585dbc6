// `npm run bench -- NAME`: measures, prints what it saw, and leaves nothing behind. A benchmark is no test: it judges nothing.
import { parseArgs } from 'node:util'
import type { Scene } from '../support/slurm-itself.ts'
import type { Bench, Scale } from './bench.ts'

/** Loaded by name, so that one which cannot be loaded does not stop the others. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  submit: async () => (await import('./submit.ts')).submit,
  watch: async () => (await import('./watch.ts')).watch,
  epochs: async () => (await import('./epochs.ts')).epochs,
  trainer: async () => (await import('./trainer.ts')).trainer,
  compatibility: async () => (await import('./compatibility.ts')).compatibility,
  environments: async () => (await import('./environments.ts')).environments,
  api: async () => (await import('./api.ts')).api,
  logs: async () => (await import('./logs.ts')).logs,
}

/** Flags that only some benchmarks have. */
const EXTRAS = ['exercises', 'fashion'] as const

const HELP = `Measures the product on this machine, where it takes them on a private Slurm cluster, Redis and server processes of its own.

  npm run bench -- submit    submissions a second, beside sbatch in a loop and other ways
  npm run bench -- watch     what watching thousands of live jobs costs, and when a change is seen
  npm run bench -- epochs    epochs a second from the workers to the readers, and how old they are on arrival
  npm run bench -- trainer   exercises and larger nets beside PyTorch (python3-torch), and what reporting costs a training
  npm run bench -- compatibility   what a check costs, the nearest set that runs, and reading the matrix
  npm run bench -- environments    solving, the API meanwhile, looking at 50,000 files, and what a job on a ready environment waits for
  npm run bench -- api       lists, jobs and submissions a second over 100,000 stored jobs, and what these take of Redis
  npm run bench -- logs      following, reading and searching logs, one of 10 GB among them, and 1,000 who follow one that grows

  --rounds N    how often each figure is taken; the median is shown
  --jobs N      how many jobs a round has
  --seconds N   how long a round measures, where it has a length
  --small       a look whether it runs, within about a minute: not to be quoted
  --help        this text, or with a name what that benchmark does and its usual scale
`

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      jobs: { type: 'string' },
      seconds: { type: 'string' },
      small: { type: 'boolean', default: false },
      exercises: { type: 'boolean', default: false },
      fashion: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
}

/** @throws Error with a sentence for people */
function scaleOf(usual: Scale, given: { [name in keyof Scale]?: string | undefined }): Scale {
  const number = (name: keyof Scale): number => {
    const text = given[name]
    if (text === undefined) return usual[name]
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} takes a whole number from 1 on; "${text}" is none`)
    return Number(text)
  }
  return { rounds: number('rounds'), jobs: number('jobs'), seconds: number('seconds') }
}

async function main(): Promise<number> {
  const { values, positionals } = readArguments()
  const [name = '', ...rest] = positionals
  const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
  if (load === undefined || rest.length > 0) {
    process.stdout.write(HELP)
    return values.help && positionals.length === 0 ? 0 : 2
  }
  const bench = await load()
  const scale = scaleOf(values.small ? bench.small : bench.usual, values)
  const flags = Object.entries(scale).flatMap(([flag, value]) => (value === 0 ? [] : `--${flag} ${value}`))
  const extras = EXTRAS.filter(extra => values[extra])
  const unknown = extras.find(extra => !bench.extras?.includes(extra))
  if (unknown !== undefined) throw new Error(`the benchmark ${name} has no --${unknown}`)
  const command = `npm run bench -- ${[name, ...flags, ...extras.map(extra => `--${extra}`)].join(' ')}`
  if (values.help) {
    process.stdout.write(`${bench.about}\n\nIts usual scale: ${command}\n`)
    return 0
  }

  const undos: (() => Promise<void> | void)[] = []
  const began = Date.now()
  const scene: Scene = {
    after: undo => void undos.unshift(undo),
    diagnostic: line =>
      void process.stderr.write(`${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}\n`),
  }
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new Error(`ended early by ${signal}`)))
  })
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  try {
    await Promise.race([bench.run({ ...scale, extras, scene, print, command }), interrupted])
    print(`\nAgain: ${command}`)
    return 0
  } finally {
    for (const undo of undos) {
      try {
        await undo()
      } catch (error) {
        scene.diagnostic(`not taken away: ${String(error)}`)
      }
    }
  }
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return 1
})
// Whatever an interrupted measurement still waits for must not keep the program alive.
process.exit()
