// Looks at compute nodes by short Slurm jobs, at most one for a kind at a time and few at once. A look that waits keeps nobody
// waiting: it is given up after a while, and said. Its submission is as exactly-once as that of a job, though a second look would
// do no harm.
//
//   asked    stored by a request, or here when what is known is too old  -> a node and a name are chosen and stored; submitted: pending
//   pending  Slurm has it                                                -> running; failed where it does not start in time (cancelled)
//   running  on its node                                                 -> over: its answer is read and stored: done, else failed;
//                                                                           cancelled and failed where Slurm suspends it for long
import type { SlurmJob } from '@trotline/slurm'
import type { Logger } from 'pino'
import type { ClusterAccess } from '../clusters/access.ts'
import { claimAgainst } from '../clusters/node-claims.ts'
import type { Kind } from '../clusters/node-kinds.ts'
import type { NodeKnowledge } from '../clusters/node-knowledge.ts'
import { readLook } from '../clusters/node-look.ts'
import { pauseInWords } from '../clusters/paused.ts'
import {
  lookInSlurm,
  newLook,
  readLookFile,
  readLookLog,
  removeLookDirectory,
  slurmNameOfLook,
} from '../clusters/probe-directory.ts'
import { LIMIT_MINUTES } from '../clusters/probe-script.ts'
import { isCoded } from '../errors.ts'
import { isUnderWay, type ProbeRecord, type Probes } from '../store/probes.ts'
import { kindsDue, placeFor } from './probe-choice.ts'
import { submitLook } from './probe-submit.ts'
import { urgentNodes } from './probe-urgent.ts'

/** Slurm jobs of ours at once. Of looks that nobody asked for no more are begun while so many are under way. */
const MOST_AT_ONCE = 8
const MOST_UNASKED = 2
const AGAIN_MS = 15_000
const LIMITED_AGAIN_MS = 60_000
const LONGEST_LOOK_MS = 60_000
/** How long a look's file may stay invisible after its job has ended (NFS attribute caches: up to 60 s). */
const FILE_PATIENCE_MS = 60_000
/** Slurm ends it at its time limit; but does not count the time for which a job is suspended (man scontrol, suspend). */
const LONGEST_RUN_MINUTES = LIMIT_MINUTES + 10
/** How long a job's word about a node is no reason to look at it, after a look has found another job wrong there. */
const DOUBT_MS = 600_000

export interface ProbingDeps {
  cluster: ClusterAccess
  nodes: NodeKnowledge
  probes: Probes
  log: Logger
  now(): Date
}

/** One round; to be called again and again by the process that owns the cluster. */
export function createProbing({ cluster, nodes, probes, log, now }: ProbingDeps): () => Promise<void> {
  const { settings } = cluster
  const { name, workDir } = settings
  const iso = (): string => now().toISOString()
  /** By look: since when Slurm calls its job over, and no answer is to be seen. */
  const overSinceMs = new Map<string, number>()
  /** By node: when a look found a job wrong. */
  const foundWrongMs = new Map<string, number>()
  let listedAtMs = Number.NEGATIVE_INFINITY

  async function write(record: ProbeRecord, change: Partial<ProbeRecord>): Promise<ProbeRecord> {
    const next = { ...record, ...change }
    await probes.write(name, next)
    return next
  }

  const become = (record: ProbeRecord, state: ProbeRecord['state'], detail = ''): Promise<ProbeRecord> =>
    write(record, { state, at: iso(), detail: detail.slice(0, 1_000) })

  async function fail(record: ProbeRecord, detail: string): Promise<void> {
    log.warn({ kind: record.kind, node: record.node, slurmJobId: record.slurmJobId }, `probe: ${detail}`)
    await become({ ...record, failures: record.failures + 1 }, 'failed', detail)
    await tidy(record)
  }

  async function tidy({ look }: ProbeRecord): Promise<void> {
    if (look === null) return
    overSinceMs.delete(look)
    await removeLookDirectory(cluster.service().transport, workDir, look).catch(error => {
      if (!isCoded(error)) throw error
    })
  }

  async function start(record: ProbeRecord, kind: Kind | undefined, listed: readonly SlurmJob[]): Promise<void> {
    if (kind === undefined) return fail(record, 'Slurm lists no node of this kind any more.')
    const chosen = record.look === null ? await choose(record, kind, listed) : record
    if (chosen === null) return
    const { look, partition, node } = chosen
    if (look === null || partition === null || node === null) return
    const outcome = await submitLook(cluster, { look, partition, node, gpus: kind.gpus })
    switch (outcome.kind) {
      case 'submitted':
        await become({ ...chosen, slurmJobId: outcome.slurmJobId }, 'pending')
        return
      case 'refused':
        return fail(chosen, `Slurm refused it: ${outcome.message}`)
      case 'limited':
        await write(chosen, {
          dueAt: now().getTime() + LIMITED_AGAIN_MS,
          detail: `Slurm takes no more for now (${outcome.limit}); it is tried again.`,
        })
        return
      case 'wait':
        await write(chosen, { dueAt: now().getTime() + outcome.waitMs })
        return
      case 'unknowable':
        return fail(chosen, `Nobody can tell whether Slurm has it: ${outcome.message}`)
      case 'cancelled':
      case 'absent':
        return fail(chosen, 'It was cancelled before Slurm had it.')
    }
  }

  /** Durable before anything is submitted. null: there is no node for it, or Slurm has one already that the store had lost. */
  async function choose(record: ProbeRecord, kind: Kind, listed: readonly SlurmJob[]): Promise<ProbeRecord | null> {
    const before = lookInSlurm(workDir, kind.id, listed)
    const row = listed.find(({ name: jobName }) => before !== null && jobName === slurmNameOfLook(before))
    if (row !== undefined) {
      const { slurmJobId, partition } = row
      await become({ ...record, look: before, slurmJobId, partition, node: row.nodeList || null }, 'pending')
      return null
    }
    const place = placeFor(kind, record.wanted, { looks: nodes.known().looks, urgent: urgentNow([kind]) })
    if (place !== null) return write(record, { look: newLook(workDir, kind.id), ...place })
    const where = record.wanted === null ? '' : ` of partition ${record.wanted}`
    const states = [...new Set(kind.nodes.map(({ state, stateMarks }) => `${state}${stateMarks}`))].join(', ')
    await fail(record, `No node of this kind${where} can take a job now (Slurm: ${states}).`)
    return null
  }

  function urgentNow(kinds: readonly Kind[]): Set<string> {
    const nowMs = now().getTime()
    for (const [node, atMs] of foundWrongMs) if (nowMs - atMs > DOUBT_MS) foundWrongMs.delete(node)
    return urgentNodes(kinds, nodes.known(), settings.probe, nowMs, node => foundWrongMs.has(node))
  }

  async function follow(record: ProbeRecord, listed: readonly SlurmJob[]): Promise<void> {
    if (record.look === null) return fail(record, 'It lost its name.')
    const slurmName = slurmNameOfLook(record.look)
    const row = listed.find(job => job.name === slurmName)
    const phase = row?.state.phase ?? 'over'
    const sinceMs = now().getTime() - Date.parse(record.at)
    if (phase === 'waiting') {
      const minutes = settings.probe.pendingMinutes
      if (sinceMs < minutes * 60_000) return
      await cluster.service().scheduler.cancel({ name: slurmName, slurmJobId: row?.slurmJobId ?? '' })
      const reason = row?.reason ?? 'no reason given'
      return fail(record, `It did not start within ${minutes} min (Slurm: ${reason}) and was cancelled.`)
    }
    if (phase !== 'over') {
      if (record.state !== 'running') {
        await become({ ...record, node: row?.nodeList || record.node }, 'running')
        return
      }
      if (sinceMs < LONGEST_RUN_MINUTES * 60_000) return
      await cluster.service().scheduler.cancel({ name: slurmName, slurmJobId: row?.slurmJobId ?? '' })
      const word = row?.state.raw ?? 'no word'
      return fail(record, `It did not end within ${LONGEST_RUN_MINUTES} min (Slurm: ${word}) and was cancelled.`)
    }
    const { transport } = cluster.service()
    const text = await readLookFile(transport, workDir, record.look)
    const look = text === null ? null : readLook(text)
    if (look !== null) {
      const claim = nodes.known().claims.get(look.node)
      if (!(await nodes.recordSighting(look)))
        return fail(
          record,
          `It answered for ${look.node}, of which something newer is known or which Slurm does not list.`,
        )
      // What nvidia-smi did not answer to us says nothing against the job.
      if (
        claim !== undefined &&
        look.gpuTrouble === null &&
        claimAgainst({ ...claim, at: iso() }, { ...look, at: '' }) !== null
      )
        foundWrongMs.set(look.node, now().getTime())
      log.info({ kind: record.kind, node: look.node, driver: look.driver }, 'probe: a node was looked at')
      await become({ ...record, node: look.node, failures: 0 }, 'done')
      return tidy(record)
    }
    const ended = row?.state.raw ?? 'no longer listed'
    // COMPLETED, or an end that nobody saw: the answer may not be visible yet.
    const mayCome = row === undefined || row.state.ending === 'completed'
    const nowMs = now().getTime()
    const overMs = overSinceMs.get(record.look) ?? nowMs
    overSinceMs.set(record.look, overMs)
    if (text === null && mayCome && nowMs - overMs < FILE_PATIENCE_MS) return
    const words = await readLookLog(transport, workDir, record.look)
    const said = words === '' ? '' : ` Its log: ${words}`
    const what = text === null ? 'left no answer' : 'left an answer that nobody can read'
    return fail(record, `Slurm job ${record.slurmJobId} (${ended}) ${what}.${said}`)
  }

  return round

  async function round(): Promise<void> {
    const kinds = new Map(nodes.kinds().map(kind => [kind.id, kind]))
    if (kinds.size === 0) return
    const records = new Map((await probes.read(name)).map(record => [record.kind, record]))
    const gone = [...records.values()].filter(record => !isUnderWay(record) && !kinds.has(record.kind))
    await probes.forget(
      name,
      gone.map(({ kind }) => kind),
    )
    const underWay = [...records.values()].filter(isUnderWay)
    const nowMs = now().getTime()
    const room = MOST_UNASKED - underWay.length
    if (room > 0) {
      const all = [...kinds.values()]
      const known = { looks: nodes.known().looks, urgent: urgentNow(all) }
      const due = kindsDue(all, records, known, settings.probe, nowMs).slice(0, room)
      const wanted = due.map(({ id }) => ({ kind: id, partition: null, failures: records.get(id)?.failures ?? 0 }))
      if (due.length > 0) await probes.ask(name, wanted, { by: null, at: iso() }, null)
    }
    const asked = underWay.filter(({ state, dueAt }) => state === 'asked' && dueAt <= nowMs)
    const inSlurm = underWay.filter(({ state }) => state !== 'asked')
    const paused = asked.length > 0 ? await cluster.paused() : null
    const places = Math.max(0, MOST_AT_ONCE - inSlurm.length)
    const starting = paused === null ? asked.toSorted((a, b) => (a.at < b.at ? -1 : 1)).slice(0, places) : []
    if (paused !== null) await tellPause(asked, `It waits: the cluster is ${pauseInWords(paused)}.`)
    if (starting.length + inSlurm.length === 0 || nowMs - listedAtMs < everyMs(starting, inSlurm, nowMs)) return
    listedAtMs = nowMs
    const listed = await cluster.service().scheduler.listJobs()
    // What befalls one is its own.
    const troubles: unknown[] = []
    for (const record of [...inSlurm, ...starting]) {
      await (record.state === 'asked' ? start(record, kinds.get(record.kind), listed) : follow(record, listed)).catch(
        error => afterTrouble(record, error).catch(trouble => void troubles.push(trouble)),
      )
    }
    if (troubles.length > 0) throw troubles[0]
  }

  async function tellPause(asked: readonly ProbeRecord[], detail: string): Promise<void> {
    for (const record of asked) if (record.detail !== detail) await write(record, { detail })
  }

  /** What waits in Slurm for long is asked about less often. */
  function everyMs(starting: readonly ProbeRecord[], inSlurm: readonly ProbeRecord[], nowMs: number): number {
    const youngestMs = Math.min(...inSlurm.map(({ at }) => nowMs - Date.parse(at)))
    return Math.max(settings.pollIntervalMs, starting.length > 0 ? 0 : Math.min(LONGEST_LOOK_MS, youngestMs / 10))
  }

  async function afterTrouble(record: ProbeRecord, error: unknown): Promise<void> {
    if (!isCoded(error) || error.code === 'STORE_UNREACHABLE' || error.code === 'SSH_CLOSED') throw error
    // A way that is closed says nothing of the look.
    const passes = error.transient || error.code.startsWith('SSH_')
    if (!passes) return fail(record, error.message)
    if (record.state !== 'asked') throw error
    const [stored = record] = (await probes.read(name)).filter(({ kind }) => kind === record.kind)
    await write(stored, { dueAt: now().getTime() + AGAIN_MS, detail: error.message.slice(0, 1_000) })
  }
}
