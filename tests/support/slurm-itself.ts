// Slurm itself, asked past the product: its commands as a person types them, and what to look at when a story fails.
// Without node:test, so that programs which are no tests can use it too.
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LocalCluster } from '../../deploy/local/cluster.ts'

const run = promisify(execFile)

/** A Slurm command, as a person at the login node would type it. */
export async function slurm(cluster: LocalCluster, argv: readonly string[]): Promise<string> {
  const [command = '', ...rest] = argv
  const { stdout } = await run(command, rest, { env: { ...process.env, SLURM_CONF: cluster.slurmConf, TZ: 'UTC' } })
  return stdout.trim()
}

/**
 * How many Slurm jobs were ever made for one of ours: every submission's name, whatever became of it. Accounting has them for good and
 * hears of them a little late; slurmctld has them at once, for as long as MinJobAge.
 */
export async function slurmJobsOf(cluster: LocalCluster, jobId: string, submissions = 3): Promise<string[]> {
  const names = Array.from({ length: submissions }, (_, i) => `tl-${jobId}-${i + 1}`).join(',')
  const listed = await slurm(cluster, ['squeue', '-h', '-a', '-t', 'all', `--name=${names}`, '-o', '%A|%j|%T'])
  const accounted = await slurm(cluster, [
    'sacct',
    '-X',
    '-n',
    '-P',
    '--starttime=now-1days',
    `--name=${names}`,
    '--format=JobIDRaw,JobName,State',
  ])
  const rows = [listed, accounted].flatMap(text => text.split('\n')).filter(row => row !== '')
  return [...new Map(rows.map(row => [row.slice(0, row.lastIndexOf('|')), row])).values()]
}

/** What node:test's context is to supporting code; a benchmark or a suite with a program of its own hands in the same. */
export interface Scene {
  after(undo: () => Promise<void> | void): void
  diagnostic(line: string): void
  passed?: boolean
}

/** Prints what a person would look at first when a story fails. */
export function explainFailures(t: Scene, cluster: LocalCluster, about: { workDir: string; log(): string }): void {
  t.after(async () => {
    if (t.passed !== false) return
    const show = async (what: string, look: () => Promise<string>): Promise<void> => {
      t.diagnostic(`--- ${what}\n${await look().catch(error => String(error))}`)
    }
    await show('squeue', () => slurm(cluster, ['squeue', '-a', '-t', 'all']))
    await show('sacct -D', () =>
      slurm(cluster, ['sacct', '-D', '-X', '-o', 'jobid,jobname%30,state,exitcode,start,end,nodelist']),
    )
    await show('job directories', () => tree(join(about.workDir, 'jobs')))
    await show('server', async () => about.log().split('\n').filter(isNews).slice(-60).join('\n'))
  })
}

/** Stories ask the server ten times a second: what it logs of these requests would be all that is shown. */
const isNews = (line: string): boolean => !/"(req|res)":\{/.test(line)

async function tree(folder: string): Promise<string> {
  const lines: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const text = await readFile(path, 'utf8')
    lines.push(
      `${path} (${text.length} bytes)${/stderr|slurm\.log|receipt|refused/.test(entry.name) ? `\n${text.slice(-1_000)}` : ''}`,
    )
  }
  return lines.join('\n')
}
