// The part of a job's judgement that its environment's lock decides: what the lock asks of every node that the job may land on, and,
// with GPUs, whether what is in it runs on them.
import {
  type CompatibilityFinding,
  type CompatibilityReport,
  type EnvironmentLock,
  verdictRank,
} from '@trotline/contracts'
import { packagesOfLock, tellingPackages } from '@trotline/environment'
import type { Compatibility } from './compatibility.ts'
import { fitFindings } from './environment-fit.ts'
import { withoutRequirements } from './environment-pinned.ts'
import { type Offer, offersOf } from './environment-target.ts'
import type { JudgeInput } from './judge-input.ts'
import { nothingUnderstood, type Part } from './judge-parts.ts'
import { type Place, worstOf } from './judge-place.ts'

/** null: it has no environment, or one that is not pinned yet. */
export function lockPart(input: JudgeInput, places: readonly [Place, ...Place[]]): Part | null {
  const { environment, request, partition, compatibility } = input
  if (environment === null) return null
  const { resources } = request
  const gpu = resources.gpus > 0
  const offers = offersOf(partition, { gpuType: resources.gpuType, gpu }, compatibility)
  const on = { offers, where: `partition ${resources.partition}`, places: gpu ? places : null }
  return { ...lockJudged(environment.lock, on, compatibility), pointer: () => '/environment', hint: null }
}

export interface JudgedOn {
  offers: readonly Offer[]
  /** Who offers, in words: `partition gpuold`. */
  where: string
  /** null: no GPU is used there. */
  places: readonly [Place, ...Place[]] | null
}

export function lockJudged(
  lock: EnvironmentLock,
  { offers, where, places }: JudgedOn,
  compatibility: Compatibility,
): { report: CompatibilityReport; place: Place | null } {
  const unfit = unfitOn(lock, offers, where)
  if (places === null) return { report: withOwn(unfit, FITS), place: null }
  const packages = tellingPackages(packagesOfLock(withoutRequirements(lock)))
  const { report, place } = worstOf(places, ({ hardware }) => compatibility.judgeLock(packages, hardware))
  return { report: withOwn(unfit, report), place }
}

/** Of several sorts of node what the first of them lacks, with the nodes' names where the others do not lack it. */
function unfitOn(lock: EnvironmentLock, offers: readonly Offer[], where: string): CompatibilityFinding[] {
  const perOffer = offers.map(offer => ({ offer, findings: fitFindings(lock, offer, where) }))
  const lacking = perOffer.find(({ findings }) => findings.length > 0)
  if (lacking === undefined) return []
  if (perOffer.every(({ findings }) => findings.length > 0)) return lacking.findings
  const [first = '?'] = lacking.offer.nodes
  return fitFindings(lock, lacking.offer, `${first} of ${where}`)
}

const FITS: CompatibilityReport = {
  verdict: 'compatible',
  rule: 'lock-fits',
  detail: 'The nodes offer what the lock of its environment asks for, as far as they are known.',
  findings: [],
  understood: nothingUnderstood(),
  nearest: [],
}

/** Ours first: they say which package asks, and what the partition has. */
function withOwn(own: readonly CompatibilityFinding[], report: CompatibilityReport): CompatibilityReport {
  const [first] = own
  if (first === undefined) return report
  const worse = verdictRank(first.verdict) <= verdictRank(report.verdict)
  return {
    ...report,
    ...(worse ? { verdict: first.verdict, rule: first.rule, detail: first.detail } : {}),
    findings: [...own, ...report.findings],
  }
}
