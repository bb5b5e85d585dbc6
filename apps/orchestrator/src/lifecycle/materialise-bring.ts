// wanted -> making: what a build needs is brought to the cluster, the worker release, the archives that it cannot fetch itself, the order.
// All of it can run twice: what is there is not brought again.
import { createHash } from 'node:crypto'
import { type BuildOrder, type BuildTrouble, ENVIRONMENT_FILES, type EnvironmentLock, FILES } from '@trotline/contracts'
import { archivesIn, bringArchives } from '../clusters/environment-archives.ts'
import { buildOf, environmentsOf, makeBuildDirectory } from '../clusters/environment-directory.ts'
import { BUILD_SCRIPT_FILE, renderBuildScript } from '../clusters/environment-script.ts'
import { provideRelease } from '../clusters/provide-release.ts'
import type { MaterialisationRecord } from '../store/materialisations.ts'
import { type MaterialiseContext, programOf } from './materialise-context.ts'
import { began, doing, into } from './materialise-moves.ts'
import { fail, refused } from './materialise-trouble.ts'

type Record = MaterialisationRecord

const GIB = 1_073_741_824

/** wanted -> making: what it needs is on its way. */
export async function begin(record: Record, context: MaterialiseContext): Promise<Record | null> {
  const { cluster, now } = context
  const { workDir, environments } = cluster.settings
  const highest = await makeBuildDirectory(cluster.service().transport, workDir, record.lock)
  const attempt = Math.max(record.attempt, highest) + 1
  return context.change(record.lock, current =>
    current.state === 'wanted' && current.inner.wish?.kind !== 'cancel'
      ? began(current, now().toISOString(), attempt, environments.form)
      : current,
  )
}

export async function bring(record: Record, context: MaterialiseContext, signal: AbortSignal): Promise<Record | null> {
  const { cluster, releases, lockOf, now } = context
  const { workDir, environments } = cluster.settings
  const { transport, name } = cluster.service()
  context.crash('environment:after-intent')
  const lock = await lockOf(record.lock)
  if (lock === null)
    return fail(
      record,
      context,
      refused('Its lock is not kept on this server any more: make the environment again from its spec or lock.'),
    )
  const { mirrors, onlyHere, refused: strangers } = context.channels.mirrorsFor(lock)
  const offline = environments.archives === 'upload'
  const uploads = offline ? lock.conda : archivesIn(lock, onlyHere)
  const unfit = unfitness(lock, uploads, {
    strangers,
    offline,
    mostGiB: environments.mostGiB,
    pipIndex: context.pipIndex,
    cluster: cluster.settings.name,
  })
  if (unfit !== null) return fail(record, context, unfit)
  await provideRelease(cluster, name, releases.plain)
  await makeBuildDirectory(transport, workDir, record.lock)
  if (uploads.length > 0) await upload(record, uploads, context, signal)
  signal.throwIfAborted()
  const directory = buildOf(workDir, record.lock)
  const order: BuildOrder = {
    v: 1,
    lockId: record.lock,
    lock,
    root: environmentsOf(workDir),
    form: record.form,
    installers: environments.installers,
    mirrors,
    offline,
    pipIndex: lock.pip.length > 0 && !offline ? context.pipIndex : null,
    timeLimitSeconds: environments.timeLimitMinutes * 60,
    attempt: record.attempt,
  }
  await transport.put(`${directory}/${ENVIRONMENT_FILES.order}`, `${JSON.stringify(order)}\n`, { mode: 0o600 })
  const script = buildScript(record, context)
  if (script !== null) await transport.put(`${directory}/${BUILD_SCRIPT_FILE}`, script, { mode: 0o600 })
  // A mark of an earlier cancel would keep this one from beginning.
  await transport.exec(['rm', '-f', '--', `${directory}/${FILES.cancelled}`], { lane: 'submit', timeLimitMs: 30_000 })
  context.crash('environment:after-order')
  const at = now().toISOString()
  return context.change(record.lock, current =>
    current.inner.doing?.phase === 'bring' && current.attempt === record.attempt
      ? into(
          current,
          at,
          doing(
            'start',
            at,
            current.inner.doing.run,
            script === null ? null : { name: slurmNameOfBuild(workDir, record), id: null, meantAt: at },
          ),
          'Its maker is being started.',
          { progress: null },
        )
      : current,
  )
}

async function upload(
  record: Record,
  archives: EnvironmentLock['conda'],
  context: MaterialiseContext,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, now } = context
  let writtenMs = Number.NEGATIVE_INFINITY
  let writing: Promise<unknown> = Promise.resolve()
  await bringArchives({
    transport: cluster.service().transport,
    workDir: cluster.settings.workDir,
    archives,
    archive: context.channels.archive,
    signal,
    onProgress({ done, of, bytesDone, bytesOf }) {
      const nowMs = now().getTime()
      if (done < of && nowMs - writtenMs < 1_000) return
      writtenMs = nowMs
      const detail = `The cluster does not fetch archives itself: ${done} of ${of} are brought.`
      const progress = { done: bytesDone, of: bytesOf, unit: 'bytes' as const }
      writing = writing
        .then(() =>
          context.change(record.lock, current =>
            current.inner.doing?.phase === 'bring'
              ? { ...current, at: now().toISOString(), step: 'download', detail, progress }
              : current,
          ),
        )
        .catch(() => undefined)
    },
  })
  await writing
}

/** Why it need not be tried; null: nothing speaks against it. */
export function unfitness(
  lock: EnvironmentLock,
  uploads: readonly { size: number | null }[],
  {
    strangers,
    offline,
    mostGiB,
    pipIndex,
    cluster,
  }: { strangers: readonly string[]; offline: boolean; mostGiB: number; pipIndex: string | null; cluster: string },
): BuildTrouble | null {
  // Installing runs what packages bring with them: whom they may come from is the operator's to say, for locks as for specs.
  if (strangers.length > 0)
    return refused(
      `The environment has packages of ${strangers[0]}, which is not a channel that this server takes packages from (environments.channels).`,
    )
  if (lock.pip.length > 0 && offline)
    return refused(
      `The environment has ${lock.pip.length} pip packages, and cluster ${cluster} reaches no network: take those from a conda channel, or have the operator set environments.archives to download.`,
    )
  if (lock.pip.length > 0 && pipIndex === null)
    return refused(
      `The environment has ${lock.pip.length} pip packages, and this server has no index for them: have the operator set environments.pipIndex, or take those from a conda channel.`,
    )
  const bytes = uploads.reduce((sum, { size }) => sum + (size ?? 0), 0)
  if (bytes > mostGiB * GIB)
    return refused(
      `Its archives have ${(bytes / GIB).toFixed(1)} GiB, and at most ${mostGiB} GiB are brought to cluster ${cluster} (environments.mostGiB).`,
    )
  return null
}

/** Two installations of one Unix user tell their builds apart by their workDir. */
export function slurmNameOfBuild(workDir: string, { lock, attempt }: Pick<Record, 'lock' | 'attempt'>): string {
  const stem = createHash('sha256').update(`${workDir}\n${lock}`).digest('hex').slice(0, 8)
  return `tl-env-${stem}-${attempt}`
}

/** null: it is made on the login node. */
export function buildScript(record: Record, { cluster, releases }: MaterialiseContext): string | null {
  const { workDir, environments, prologue } = cluster.settings
  if (environments.where === 'login-node') return null
  const [node = '', program = ''] = programOf({ cluster, releases })
  return renderBuildScript({
    ...environments.where,
    slurmName: slurmNameOfBuild(workDir, record),
    directory: buildOf(workDir, record.lock),
    run: `make-${record.attempt}`,
    timeLimitMinutes: environments.timeLimitMinutes + 5,
    node,
    program,
    prologue,
  })
}
