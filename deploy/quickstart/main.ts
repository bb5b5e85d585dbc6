// `npm run quickstart`: from a checkout to a trained model on a real Slurm, step by step. Each step asks first what is done already.
// start.mjs has checked the runtime and installed the npm packages before.

import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { DeployError } from '../errors.ts'
import { down, slurmAddress, up, warningOf } from '../local/cluster.ts'
import { makeFolder } from '../local/folders.ts'
import { buildIfStale } from './build.ts'
import { type Api, chooseApiPort, writeConfiguration } from './configuration.ts'
import { resultText, runExample } from './job.ts'
import { isOrchestratorRunning, startOrchestrator, stopOrchestrator } from './orchestrator.ts'
import { ensureDebianPackages } from './packages.ts'
import { PLACES } from './places.ts'
import { say, step } from './steps.ts'

const HELP = `Starts a private Slurm cluster and Trotline in front of it on this machine, and trains the Auto MPG example.

  npm run quickstart                 all of it; again: only what is not there yet, and the example once more
  npm run quickstart -- --no-job     everything but the example
  npm run quickstart -- --down       stop Trotline and the cluster; what they know stays in .local
  npm run quickstart -- --help       this text

Needs Node.js 20.20 and Debian 12 (Ubuntu: best effort). Missing Debian packages are named and installed: as root, or by sudo where it
asks for no password. Everything else runs as you and keeps its files in .local.
It listens on loopback, Slurm's daemons where this machine's name resolves to; where that is outside, it is said.
`

async function start({ withJob }: { withJob: boolean }) {
  makeFolder(PLACES.folder, 0o755)
  say('Trotline quickstart')
  await step(async onProgress => {
    const installed = await ensureDebianPackages({ onProgress })
    return {
      done: installed.length > 0 ? `${installed.length} Debian packages installed` : 'Debian packages are there',
      value: undefined,
    }
  })
  await step(async () => ({ done: (await buildIfStale()) ? 'built' : 'the build is current', value: undefined }))
  const cluster = await step(async () => {
    let started = 0
    const value = await up({
      home: PLACES.cluster,
      onProgress: () => {
        started += 1
      },
    })
    return { done: started > 0 ? 'Slurm, sshd and Redis are up' : 'Slurm, sshd and Redis were up', value }
  })
  const warning = warningOf(slurmAddress(cluster.home))
  if (warning !== null) say(`    ${warning}`)
  const api = await step(async () => {
    const port = await chooseApiPort({ isRunning: isOrchestratorRunning() })
    const value = writeConfiguration(cluster, port)
    const started = await startOrchestrator(value.url)
    return { done: `Trotline ${started ? 'answers' : 'was up'} at ${value.url}`, value }
  })
  if (withJob) {
    const job = await step(async () => {
      const value = await runExample(api)
      return { done: 'the example has run', value }
    })
    say(`\n${resultText(job)}`)
  }
  say(`\n${nextCommands(api)}`)
}

const nextCommands = ({ url }: Api) => `Page     ${url}   (the token is in .local/token)
API      ${url}/v1/jobs   (description: ${url}/openapi.json)
Next     . .local/env.sh
         node apps/cli/bin/trotline.js list
         node apps/cli/bin/trotline.js submit deploy/examples/linear-regression.yaml --follow
         curl -H "Authorization: Bearer $TROTLINE_TOKEN" $TROTLINE_URL/v1/jobs
         sinfo                                  # the cluster, as Slurm shows it
         npm run quickstart -- --down           # stop all of it`

async function stop() {
  if (!existsSync(PLACES.folder)) {
    say('nothing was running')
    return
  }
  await step(async () => ({
    done: (await stopOrchestrator()) ? 'Trotline stopped' : 'Trotline was not running',
    value: undefined,
  }))
  await step(async () => {
    const { stopped } = await down({ home: PLACES.cluster })
    return {
      done: stopped > 0 ? `Slurm, sshd and Redis stopped (${stopped} processes)` : 'no cluster was running',
      value: undefined,
    }
  })
}

async function main() {
  const { values } = parseArgs({
    options: {
      down: { type: 'boolean', default: false },
      'no-job': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) say(HELP)
  else if (values.down) await stop()
  else await start({ withJob: !values['no-job'] })
}

try {
  await main()
} catch (error) {
  const isUsage = (error as { code?: unknown }).code?.toString().startsWith('ERR_PARSE_ARGS')
  if (!(error instanceof DeployError) && !isUsage) throw error
  process.stderr.write(`\n${(error as Error).message}\n`)
  process.exitCode = isUsage ? 2 : 1
}
