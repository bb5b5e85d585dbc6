// Compatibility before the queue: what a job is judged by, what comes of it, and how it is told. Pure.
//
//   the worker's own runtime   for presets and models, on every kind of node that the job may land on
//   the GPU library            for presets and models with GPUs: tfjs-node-gpu 4.22.0
//   environment                its lock, on every kind of node; a spec that is not solved yet, with GPUs: every package in it that needs one
//   claims                     what other jobs said of these nodes and nobody has confirmed: a warning, never more
//
// Each sort of node that Slurm may choose is judged. The worst of them is the verdict. Without GPUs nothing but the runtime has to fit.
import { type CompatibilityReport, type Finding, type Verdict, verdictRank } from '@trotline/contracts'
import type { ClusterSettings } from '../config.ts'
import type { JudgeInput } from './judge-input.ts'
import { lockPart } from './judge-lock.ts'
import { claimPart, environmentPart, gpuPart, nothingUnderstood, type Part, runtimePart } from './judge-parts.ts'
import { NOWHERE, type Place, placesOf } from './judge-place.ts'

/** What keeps it out, by the problem's code; null: nothing. */
export type Refused = 'incompatible' | 'compatibility-unknown' | null

export interface Judgement {
  /** With all findings, and what would run instead. */
  report: CompatibilityReport
  refused: Refused
  /** Of what keeps it out, by the field of the request that would have to change. */
  findings: Finding[]
  /** What a person should know of a job that is let in. */
  notes: string[]
}

export function judgeJob(input: JudgeInput): Judgement {
  const { request, cluster, partition } = input
  const { resources } = request
  const places: readonly [Place, ...Place[]] =
    partition === null ? [NOWHERE] : placesOf(cluster.name, partition, resources.gpuType)
  const parts = [
    runtimePart(input),
    lockPart(input, places),
    ...(resources.gpus > 0 ? [gpuPart(input, places), specPart(input, places), claimPart(input)] : []),
  ].filter(part => part !== null)
  const report = joined(parts)
  const facts = worstFirst(parts).find(({ place }) => place !== null)?.place?.facts ?? places[0].facts
  if (facts !== null && resources.gpus > 0) report.facts = facts
  const refused = refusedBy(report.verdict, cluster)
  return {
    report,
    refused,
    findings: refused === null ? [] : parts.flatMap(part => findingsOf(part, refused)),
    notes: refused === null ? notesOn(report) : [],
  }
}

/** What a spec leaves open the solver decides, and its lock is judged then: before that only what cannot run is held against it. */
function specPart(input: JudgeInput, places: Parameters<typeof environmentPart>[1]): Part | null {
  const part = environmentPart(input, places)
  return input.request.environment !== null && part?.report.verdict === 'unknown' ? null : part
}

/** The verdict of several: the worst. */
const worstFirst = (parts: readonly Part[]): Part[] =>
  parts.toSorted((a, b) => verdictRank(a.report.verdict) - verdictRank(b.report.verdict))

function joined(parts: readonly Part[]): CompatibilityReport {
  const ordered = worstFirst(parts).map(part => part.report)
  const [worst] = ordered
  if (worst === undefined)
    return {
      verdict: 'compatible',
      rule: 'no-gpu',
      detail: 'It uses no GPU: no driver and no CUDA have to fit.',
      findings: [],
      understood: nothingUnderstood(),
      nearest: [],
    }
  const understood = ordered.find(report => report.understood.driver !== null || report.understood.gpu !== null)
  return {
    ...worst,
    findings: ordered.flatMap(report => report.findings),
    understood: (understood ?? worst).understood,
  }
}

function refusedBy(verdict: Verdict, { compatibility }: ClusterSettings): Refused {
  if (verdict === 'incompatible') return 'incompatible'
  return verdict === 'unknown' && compatibility.unknown === 'refuse' ? 'compatibility-unknown' : null
}

/** One thing to do, once: the last of the findings has it. */
function findingsOf({ report, pointer, hint }: Part, refused: Exclude<Refused, null>): Finding[] {
  const verdict = refused === 'incompatible' ? 'incompatible' : 'unknown'
  if (report.verdict !== verdict) return []
  const decisive = report.findings.filter(finding => finding.verdict === verdict)
  if (decisive.length === 0) return [bare(report, pointer, hint)]
  return decisive.map((finding, at) => {
    const own = hint === null ? finding.hint : at === decisive.length - 1 ? hint : null
    return {
      pointer: pointer(finding),
      detail: finding.detail,
      ...(finding.required === null ? {} : { required: finding.required }),
      ...(finding.found === null ? {} : { found: finding.found }),
      ...(own === null ? {} : { hint: own }),
      ...(finding.source === null ? {} : { source: finding.source }),
    }
  })
}

const bare = ({ detail }: CompatibilityReport, pointer: Part['pointer'], hint: string | null): Finding => ({
  pointer: pointer({ gate: 'build-rest' }),
  detail,
  ...(hint === null ? {} : { hint }),
})

const MOST_NOTES = 4

function notesOn({ verdict, detail, findings }: CompatibilityReport): string[] {
  if (verdict === 'unknown') {
    const missing = findings.filter(finding => finding.verdict === 'unknown').map(finding => finding.detail)
    const what = missing.length === 0 ? detail : missing.slice(0, MOST_NOTES).join(' ')
    return [
      `Whether it runs there nobody can tell yet. ${what} The worker looks at its node before it trains, and ends the job at once if it does not fit.`,
    ]
  }
  const warnings = findings.filter(finding => finding.verdict === 'compatible-with-warning')
  return [...new Set(warnings.map(finding => finding.detail))].slice(0, MOST_NOTES)
}
