// Reads what the job directory asks for: spec.json (what to do) and report.json (how to report; it holds secrets).
// Nothing of report.json is ever quoted: JSON.parse puts a piece of the text into its message.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FILES, JobSpec, ReportAccess } from '@trotline/contracts'
import type { Leave } from './leave.ts'

const unusable = (why: string): Leave => ({ leave: 'unusable', why })

/** The spec, or the reason to leave: not there, not readable, or written for another submission than this one. */
export async function readSpec(directory: string, submission: number): Promise<JobSpec | Leave> {
  const path = join(directory, FILES.spec)
  let content: unknown
  try {
    content = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    return unusable(`${path} cannot be read: ${(error as Error).message}`)
  }
  const spec = JobSpec.safeParse(content)
  if (!spec.success) {
    const findings = spec.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`)
    return unusable(`${path} is not a job specification: ${findings.join('; ')}`)
  }
  if (spec.data.submission !== submission)
    return {
      leave: 'fenced',
      why: `this is submission ${submission}, and the job is at submission ${spec.data.submission}: superseded`,
    }
  return spec.data
}

/** null where it is missing or wrong: then the run trains all the same, and epochs.jsonl tells what it did. */
export async function readReportAccess(directory: string): Promise<ReportAccess | null> {
  try {
    const access = ReportAccess.safeParse(JSON.parse(await readFile(join(directory, FILES.report), 'utf8')))
    return access.success ? access.data : null
  } catch {
    return null
  }
}
