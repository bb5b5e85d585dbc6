// The process: `node environment.mjs <command> …`, started on the login node or in a Slurm job to make environments and to look after
// those that are there. Each command loads what it needs and nothing else.
import { readMachine } from './settings.ts'

const USAGE = [
  'usage: node environment.mjs make <build directory>',
  '       node environment.mjs look <root> <lock id> bytes|times',
  '       node environment.mjs remove <root> <lock id>',
  '       node environment.mjs quarantine <root> <lock id>',
  '       node environment.mjs list <root>',
  '       node environment.mjs installers',
].join('\n')
const MISUSED = 64

// Everybody's jobs read what is made here.
process.umask(0o022)
process.stderr.on('error', () => undefined)
const out = (text: string): void => void process.stdout.write(text)
const err = (line: string): void => void process.stderr.write(`${line}\n`)

const [command, ...rest] = process.argv.slice(2)
process.exitCode = await run(command, rest)

async function run(name: string | undefined, args: string[]): Promise<number> {
  switch (name) {
    case 'make': {
      const [directory] = args
      if (args.length !== 1 || !directory?.startsWith('/')) break
      const stop = new AbortController()
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort())
      // Node.js undoes what nohup did; the connection it was started over may end before it does.
      process.on('SIGHUP', () => undefined)
      const { make } = await import('./environment/make.ts')
      return make(directory, { machine: readMachine(), stop: stop.signal, say: err })
    }
    case 'installers': {
      if (args.length > 0) break
      const { installersHere } = await import('./environment/installers.ts')
      out(`${JSON.stringify(await installersHere(readMachine()))}\n`)
      return 0
    }
    case 'look':
      return (await import('./environment/look.ts')).lookCommand(args, out)
    case 'remove':
      return (await import('./environment/remove.ts')).removeCommand(args, out)
    case 'quarantine':
      return (await import('./environment/quarantine.ts')).quarantineCommand(args, out)
    case 'list':
      return (await import('./environment/list.ts')).listCommand(args, out)
  }
  err(USAGE)
  return MISUSED
}
