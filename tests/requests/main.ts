// `npm run requests`: see HELP.
import { parseArgs } from 'node:util'
import { runRequests } from './run.ts'
import { startServer } from './server.ts'
import { vanish } from './vanish.ts'
import { tableOf, wrongOf } from './verdict.ts'

const HELP = `Requests made from the API's own description, right and almost right, at a real server and Redis; each answer is held against the
description, and what the server holds afterwards against what it held before. Submissions are dry runs. No cluster is needed.

  npm run requests                        100,000 requests with a seed of chance, then 2,000 readers of event streams that vanish
  npm run requests -- --count 4000        so many
  npm run requests -- --seed 7            the same requests again
  npm run requests -- --readers 500       so many readers that vanish; 0: none
  npm run requests -- --help              this text

Ends with 0 where every answer was as described and nothing was left behind; with 1 otherwise, and each fault with its seed and a curl line.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      readers: { type: 'string', default: '2000' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const [count, seed, readers] = (['count', 'seed', 'readers'] as const).map(name => {
    if (!/^\d{1,9}$/.test(values[name])) throw new Error(`--${name} takes a whole number; "${values[name]}" is none`)
    return Number(values[name])
  }) as [number, number, number]
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  say(`again: npm run requests -- --count ${count} --seed ${seed} --readers ${readers}`)
  const server = await startServer()
  try {
    const report = await runRequests(server, { count, seed }, say)
    say(`\n${tableOf(report)}\n`)
    const left = readers === 0 ? [] : await vanish(server, { readers, seed }, say)
    const wrong = [...wrongOf(report), ...left]
    say(wrong.length === 0 ? 'all is well' : `RED\n${wrong.map(line => `  ${line}`).join('\n')}`)
    return wrong.length === 0 ? 0 : 1
  } finally {
    await server.close()
  }
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return 1
})
