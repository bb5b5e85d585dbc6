// Gathers the evidence: REST, `sacct -D`, squeue, and every file of every job directory. Reads only.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Epoch, EpochPage, Job, JobPage } from '@trotline/contracts'
import type { World } from '../world.ts'
import { type Evidence, type JobFolder, ownerOf, type RecordOfJob, type RunFolder, type SlurmRow } from './evidence.ts'

const UNIT = '\x1f'
const TRIES = 40

export async function collectEvidence(world: World): Promise<Evidence> {
  const listed = await listedIds(world)
  const ids = new Set([...listed, ...world.client.asked.map(one => one.id).filter(id => id !== null)])
  const records = new Map<string, RecordOfJob>()
  const folders = new Map<string, JobFolder>()
  for (const id of ids) {
    const record = listed.includes(id) ? await recordOf(world, id) : null
    if (record !== null) records.set(id, record)
    const folder = await folderOf(world.jobDirectory(id))
    if (folder !== null) folders.set(id, folder)
  }
  return {
    asked: world.client.asked,
    records,
    listed,
    // On a cluster of its own every Slurm job is this run's business: one that no record knows is a double.
    slurm: (await slurmRows(world)).filter(row => !world.shared || ids.has(ownerOf(row)?.id ?? '')),
    folders,
    marks: world.marks.all,
    talks: world.links.map(link => link.talks),
  }
}

/** Everything is mended by now, so an answer comes; it may take a moment. */
async function mustGet<T>(world: World, path: string): Promise<T> {
  for (let i = 0; i < TRIES; i++) {
    const answer = await world.client.get<T>(path)
    if (answer !== null) return answer
    await sleep(500)
  }
  throw new Error(`the servers do not answer ${path}`)
}

async function listedIds(world: World): Promise<string[]> {
  const ids: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: JobPage = await mustGet<JobPage>(world, `/v1/jobs?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`)
    ids.push(...page.items.map(item => item.id))
    cursor = page.nextCursor
  }
  return ids
}

async function recordOf(world: World, id: string): Promise<RecordOfJob> {
  const job = await mustGet<Job>(world, `/v1/jobs/${id}`)
  const epochs: Epoch[] = []
  for (let after: number | null = -1; after !== null; ) {
    const page: EpochPage = await mustGet<EpochPage>(world, `/v1/jobs/${id}/epochs?after=${after}`)
    epochs.push(...page.items)
    after = page.next
  }
  return { job, epochs }
}

export async function slurmRows(world: Pick<World, 'slurm'>): Promise<SlurmRow[]> {
  const sacct = await world.slurm([
    'sacct',
    '-D',
    '-X',
    '-n',
    '-P',
    `--delimiter=${UNIT}`,
    '--starttime=now-1days',
    '--format=JobIDRaw,JobName,State,ExitCode,Submit,Start,End',
  ])
  const known = new Set<string>()
  const rows: SlurmRow[] = []
  for (const line of sacct.split('\n').filter(line => line !== '')) {
    const [id = '', name = '', state = '', exitCode = '', submit = '', start = '', end = ''] = line.split(UNIT)
    known.add(`${id} ${name}`)
    rows.push({
      id,
      name,
      state,
      exitCode,
      submitAt: time(submit),
      startAt: time(start),
      endAt: time(end),
      source: 'sacct',
    })
  }
  // A plain sacct listing lacks jobs that were never eligible: held, or waiting for a time.
  const squeue = await world.slurm([
    'squeue',
    '-h',
    '-t',
    'all',
    '-o',
    `%A${UNIT}%j${UNIT}%T${UNIT}%V${UNIT}%S${UNIT}%e`,
  ])
  for (const line of squeue.split('\n').filter(line => line !== '')) {
    const [id = '', name = '', state = '', submit = '', start = '', end = ''] = line.split(UNIT)
    if (known.has(`${id} ${name}`)) continue
    rows.push({
      id,
      name,
      state,
      exitCode: '',
      submitAt: time(submit),
      startAt: time(start),
      endAt: time(end),
      source: 'squeue',
    })
  }
  return rows
}

/** Asked under TZ=UTC, so Slurm's local time is UTC. */
const time = (text: string): string | null => (/^\d{4}-/.test(text) ? `${text}Z` : null)

/** null: the directory is not there. */
export async function folderOf(directory: string): Promise<JobFolder | null> {
  const files = await readdir(directory).catch(() => null)
  if (files === null) return null
  const receipts: Record<number, string> = {}
  for (const file of files) {
    const submission = /^receipt-(\d+)\.json$/.exec(file)?.[1]
    if (submission === undefined) continue
    const receipt = JSON.parse(await readFile(join(directory, file), 'utf8')) as { slurmJobId: string }
    receipts[Number(submission)] = receipt.slurmJobId
  }
  const runs = await readdir(join(directory, 'runs')).catch(() => [])
  return {
    receipts,
    tried: files.filter(file => file.startsWith('tried-')).length,
    refused: files.filter(file => file.startsWith('refused-')).length,
    runs: await Promise.all(
      runs
        .filter(run => /^\d+-\d+$/.test(run))
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .map(run => runFolder(join(directory, 'runs', run), run)),
    ),
  }
}

async function runFolder(folder: string, run: string): Promise<RunFolder> {
  const files = await readdir(folder)
  const text = (file: string): Promise<string> => readFile(join(folder, file), 'utf8').catch(() => '')
  const stdout = await text('stdout')
  const fences: string[] = []
  for (const file of files.filter(file => file === 'fence' || file.startsWith('fence.'))) {
    const nonce = /"nonce":\s*"([^"]+)"/.exec(await text(file))?.[1]
    fences.push(nonce ?? `unreadable ${file}`)
  }
  const epochs = (await text('epochs.jsonl')).split('\n').flatMap(line => {
    const epoch = /^\{"epoch":(\d+),.*\}$/.exec(line)?.[1]
    return epoch === undefined ? [] : [Number(epoch)]
  })
  return {
    run,
    fences,
    trainings: count(stdout, /^training /gm),
    starts: count(stdout, /^run \d+-\d+ of job /gm),
    epochs,
    result: resultOf(await text('result.json')),
  }
}

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length

function resultOf(text: string): RunFolder['result'] {
  if (text === '') return null
  try {
    const { outcome, training } = JSON.parse(text)
    return { outcome, epochs: training?.epochs ?? null, weights: training?.weightsSha256 ?? null }
  } catch {
    return { outcome: 'unreadable', epochs: null, weights: null }
  }
}
