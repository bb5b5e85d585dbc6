// A job of ada's with a log, in the folders that a cluster keeps it in.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AT } from './job-records.ts'
import type { Store } from './orchestrator-store.ts'

/** @param content absent: its run has written nothing yet   @returns the job, and where its stdout lies */
export async function jobWithLog(
  store: Store,
  workDir: string,
  content?: string | Buffer,
  state: 'running' | 'completed' = 'running',
): Promise<{ id: string; file: string }> {
  const run = { run: '1-0', attempt: 1, slurmJobId: '17', node: 'c01', resumed: null, startedAt: AT }
  const { id } = await store.add(
    state === 'running'
      ? { state, runs: [{ ...run, endedAt: null, ending: null }] }
      : { state, endedAt: AT, runs: [{ ...run, endedAt: AT, ending: 'COMPLETED' }] },
  )
  const folder = join(workDir, 'jobs/ada', id, 'runs/1-0')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'stdout')
  if (content !== undefined) writeFileSync(file, content)
  return { id, file }
}
