// Submits the example through the command line, as a person would, and shows what came out of it.

import { spawn } from 'node:child_process'
import { DeployError } from '../errors.ts'
import type { Api } from './configuration.ts'
import { PLACES } from './places.ts'

/** What the quickstart reads of a Job; its whole is in packages/contracts. */
interface FinishedJob {
  id: string
  state: string
  createdAt: string
  progress: { epochs: number; of: number }
  failure: { reason: string; detail?: string } | null
  result: { backend: string; engine: string; metrics: Record<string, number | null>; fitSeconds: number } | null
}

/** The progress is the command line's own, on stderr; the first line of stdout is the id, as a script would take it. */
function submitAndFollow({ url, token }: Api): Promise<{ exitCode: number; id: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PLACES.commandLine, 'submit', PLACES.example, '--follow'], {
      stdio: ['inherit', 'pipe', 'inherit'],
      env: { ...process.env, TROTLINE_URL: url, TROTLINE_TOKEN: token },
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      said += text
    })
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ exitCode: signal === null ? (code ?? 1) : 1, id: said.split('\n')[0] ?? '' }),
    )
  })
}

export async function runExample(api: Api): Promise<FinishedJob> {
  const { exitCode, id } = await submitAndFollow(api)
  if (id === '')
    throw new DeployError('JOB_NOT_COMPLETED', `the job was not accepted (exit code ${exitCode} of the command line)`)
  const job = (await ask(api, `/v1/jobs/${id}`)) as FinishedJob
  if (exitCode === 0 && job.state === 'completed') return job
  throw new DeployError(
    'JOB_NOT_COMPLETED',
    `job ${id} is ${job.state}${job.failure ? ` (${job.failure.reason})` : ''} after ${job.progress.epochs} of ${job.progress.of} epochs; its log: node apps/cli/bin/trotline.js logs ${id}`,
  )
}

async function ask({ url, token }: Api, path: string): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000),
  })
  if (response.ok) return await response.json()
  throw new DeployError('JOB_NOT_COMPLETED', `GET ${path} answered ${response.status}: ${await response.text()}`)
}

export function resultText({ id, progress, result }: FinishedJob): string {
  const metrics = Object.entries(result?.metrics ?? {}).map(
    ([name, value]) => `    ${name.padEnd(14)} ${value === null ? 'not a number' : value.toPrecision(6)}`,
  )
  const { engine: by, backend } = result ?? { engine: '', backend: '' }
  const engine =
    result === null ? '' : `, ${by === backend ? by : `${by} on ${backend}`}, ${result.fitSeconds.toFixed(1)} s`
  return [`Job ${id} completed: ${progress.epochs} epochs${engine}`, ...metrics].join('\n')
}
