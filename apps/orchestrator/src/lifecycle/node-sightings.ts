// What runs left about the nodes they ran on: each run of a job with GPUs looks at its node first and leaves node.json. It lies in the
// user's own directory, so it is recorded as the job's word. A file that is damaged, of another node, or not there at all keeps no job from ending.
import { NodeSighting, RUN_FILES } from '@trotline/contracts'
import { expandHostlist } from '@trotline/slurm'
import { runOf } from '../clusters/layout.ts'
import type { RunFolder } from '../clusters/runs.ts'
import type { JobRecord } from '../store/record.ts'
import { placeOf, type StageContext } from './context.ts'

const MOST_BYTES = 65_536
/** Of a job with more runs than this the oldest are not looked at: newer looks count. */
const MOST_RUNS = 20

export async function collectSightings(
  job: JobRecord,
  folders: readonly RunFolder[],
  context: StageContext,
): Promise<void> {
  // Without a GPU of its own a job may not see those of the node.
  if (job.request.resources.gpus === 0) return
  const nodes = new Set(expandHostlist(job.slurm?.nodes ?? '') ?? [])
  for (const { run, reached } of folders.slice(-MOST_RUNS)) {
    if (reached === 'none') continue
    const { access, directory } = placeOf(job, context)
    const file = await access.transport.readAt(`${runOf(directory, run)}/${RUN_FILES.node}`, 0, MOST_BYTES)
    if (file === null) continue
    const sighting = sightingIn(file.bytes)
    if (sighting === null) {
      context.log.warn({ jobId: job.id, run }, `${RUN_FILES.node} is no look at a node: it is left aside`)
      continue
    }
    // The directory is the user's own: a job speaks for the nodes that Slurm gave it last, and for no other.
    if (nodes.has(sighting.node)) await context.recordClaim(sighting, job.id)
    else
      context.log.warn(
        { jobId: job.id, run, node: sighting.node },
        'a look at a node that was not the job’s is left aside',
      )
  }
}

function sightingIn(bytes: Uint8Array): NodeSighting | null {
  try {
    return NodeSighting.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data ?? null
  } catch {
    return null
  }
}
