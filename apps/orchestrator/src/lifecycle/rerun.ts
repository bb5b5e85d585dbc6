// Doing a job again: the same lock, code, data and seed, on the same kind of node; or one finding for each thing that cannot be had any
// more, with what it was, what there is now and what still could be done. Pure: whoever calls has looked.
import {
  dataPathsOf,
  type Finding,
  type Job,
  type JobRequest,
  type Materialisation,
  type RerunRequest,
} from '@trotline/contracts'
import { compareNodes, compareRelease, type Nodes, type ReleaseFound } from './rerun-compare.ts'
import type { Original } from './rerun-original.ts'
import { type Offered, placed, placeFindings } from './rerun-place.ts'

export interface Present extends Offered {
  release: ReleaseFound
  /** The release that would run it today. */
  releaseNow: string
  /** Of its lock; true where it has none. */
  lockIsKept: boolean
  /** Its environment on the cluster; null: it was never asked for there, or it has none. */
  environment: Pick<Materialisation, 'state' | 'trouble'> | null
  productOf: Nodes['productOf']
}

export type Rerun =
  | { ok: true; request: JobRequest; rerunOf: NonNullable<Job['rerunOf']>; notes: string[] }
  | { ok: false; request: JobRequest; findings: Finding[] }

/** The request as it would be sent, before anybody has looked whether there is such a place. */
export const requestAgain = (original: Original, wish: RerunRequest): JobRequest => placed(original, wish).request

export function rerun(original: Original, wish: RerunRequest, present: Present): Rerun {
  const { request, differences } = placed(original, wish)
  const { resources, cluster } = request
  const findings = [...placeFindings(original, request, present), ...lockFindings(original, request, present)]
  const nodes = compareNodes(
    original,
    {
      partition: present.partitions?.find(({ name }) => name === resources.partition) ?? null,
      words: `partition ${resources.partition} of cluster ${cluster}`,
      gpuType: resources.gpuType,
      usesGpus: resources.gpus > 0,
      productOf: present.productOf,
    },
    wish.accept,
  )
  const code = compareRelease(original, present.release, present.releaseNow, wish.accept)
  const data = expectedData(original, wish)
  // Of a place that is gone nobody can tell what its nodes are.
  const all = findings.some(({ pointer }) => pointer.includes('/request/'))
    ? [...findings, ...code.findings]
    : [...findings, ...code.findings, ...nodes.findings]
  if (all.length > 0) return { ok: false, request, findings: all }
  return {
    ok: true,
    request,
    rerunOf: {
      job: original.job,
      elsewhere: original.elsewhere,
      differences: [...differences, ...code.differences, ...nodes.differences, ...data.differences],
      release: code.release,
      data: data.expected,
    },
    notes: [...nodes.notes, ...data.notes, ...environmentNotes(original, cluster, present)],
  }
}

function lockFindings(original: Original, request: JobRequest, { lockIsKept, environment }: Present): Finding[] {
  const { lock, pointer } = original
  if (lock === null) return []
  if (!lockIsKept)
    return [
      {
        pointer: `${pointer}/lock`,
        detail: `The lock ${lock.slice(0, 12)} of its environment is not kept here any more.`,
        required: lock,
        hint: 'Its bundle has it: send that to POST /v1/reruns, or the lock itself to POST /v1/environments.',
      },
    ]
  const trouble = environment?.state === 'failed' ? environment.trouble : null
  const way = trouble === null ? undefined : WAYS[trouble.code]
  // Any other trouble may have been seen to: a new job has it made anew.
  if (trouble === null || trouble.transient || way === undefined) return []
  return [
    {
      pointer: `${pointer}/lock`,
      detail: `Its environment could not be made on ${request.cluster}: ${trouble.detail}`,
      required: lock,
      found: trouble.code,
      hint: `${way} Then make it again: POST /v1/environments/${lock.slice(0, 12)}/clusters/${request.cluster}`,
    },
  ]
}

const WAYS: Partial<Record<NonNullable<Materialisation['trouble']>['code'], string>> = {
  'archive-unavailable':
    'Put the archive back where the lock has it, or name a mirror that has it (environments.channels).',
  'archive-changed':
    'Another archive lies there now: name a mirror that has the one of the lock (environments.channels).',
}

/** Whether every archive can still be had is found when it is made, and said then by name. */
const environmentNotes = ({ lock }: Original, cluster: string, { environment }: Present): string[] =>
  lock === null || environment?.state === 'ready'
    ? []
    : [`Its environment has to be made on ${cluster} first: an archive that can no longer be had shows then.`]

function expectedData(
  original: Original,
  { accept }: RerunRequest,
): { expected: Original['data']; differences: string[]; notes: string[] } {
  const none = { expected: [], differences: [], notes: [] }
  if (accept.includes('data'))
    return original.data.length === 0
      ? none
      : { ...none, differences: ['Its files are not compared with those that it was fed with before.'] }
  if (original.data.length === 0 && original.release !== null && dataPathsOf(original.request.training).length > 0)
    return { ...none, notes: ['Which files it was fed with is not recorded, so they are not compared.'] }
  const unhashed = original.data.filter(({ sha256 }) => sha256 === null).map(({ path }) => path)
  const notes =
    unhashed.length === 0
      ? []
      : [`Too large to have been hashed, so only the size is compared: ${unhashed.slice(0, 3).join(', ')}.`]
  return { expected: original.data, differences: [], notes }
}
