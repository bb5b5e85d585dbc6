// Brings one look's script to the cluster and submits it, by the same exactly-once step as jobs: asked again with the same name it
// answers the same.
import { createHash } from 'node:crypto'
import type { SubmitOutcome } from '@trotline/slurm'
import type { ClusterAccess } from '../clusters/access.ts'
import type { Kind } from '../clusters/node-kinds.ts'
import { directoryOfLook, makeLookDirectory, slurmNameOfLook } from '../clusters/probe-directory.ts'
import { PROBE_SCRIPT_FILE, renderProbeScript } from '../clusters/probe-script.ts'

export interface Look {
  look: string
  partition: string
  node: string
  gpus: Kind['gpus']
}

/** @throws as reserveSubmissions of clusters/access.ts, and whatever keeps the cluster from being reached */
export async function submitLook(
  cluster: ClusterAccess,
  { look, partition, node, gpus }: Look,
): Promise<SubmitOutcome> {
  const { workDir, node: runtime, prologue, probe } = cluster.settings
  const { transport, scheduler, reserveSubmissions } = cluster.service()
  const directory = directoryOfLook(workDir, look)
  const slurmName = slurmNameOfLook(look)
  const script = renderProbeScript({
    slurmName,
    directory,
    partition,
    node,
    gpuTypes: gpus.map(({ type }) => type),
    account: probe.account,
    qos: probe.qos,
    runtime,
    prologue,
  })
  await makeLookDirectory(transport, workDir, look)
  await transport.put(`${directory}/${PROBE_SCRIPT_FILE}`, script, { mode: 0o600 })
  await reserveSubmissions(1)
  return scheduler.submitOnce({
    directory,
    submission: 1,
    name: slurmName,
    scriptFile: PROBE_SCRIPT_FILE,
    files: [{ path: PROBE_SCRIPT_FILE, sha256: createHash('sha256').update(script).digest('hex') }],
    mode: 'submit',
  })
}
