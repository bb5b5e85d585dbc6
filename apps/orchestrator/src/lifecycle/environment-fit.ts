// Do the nodes offer what a lock asks of them? Said in our own words, the driver first. Pure.
import type { CompatibilityFinding, EnvironmentLock } from '@trotline/contracts'
import { type UnmetRequirement, unmet, unmetText } from '@trotline/environment'
import type { Offer } from './environment-target.ts'

/** @param where who offers, in words: `partition gpuold` */
export function fitFindings(
  lock: EnvironmentLock,
  { platform, virtualPackages }: Offer,
  where: string,
): CompatibilityFinding[] {
  const findings = unmet(lock, virtualPackages).map(one => unmetFinding(one, lock, where))
  return platform === null || platform === lock.platform
    ? findings
    : [otherPlatform(lock, platform, where), ...findings]
}

const HINTS: Readonly<Record<string, string>> = {
  __cuda: 'Solve the environment for this partition, or take a partition with a newer driver.',
}

const unmetFinding = (one: UnmetRequirement, lock: EnvironmentLock, where: string): CompatibilityFinding => ({
  gate: one.name === '__cuda' ? 'driver-cuda' : one.name === '__cuda_arch' ? 'build-gpu' : 'build-rest',
  rule: `lock-requires-${one.name.replace(/^_+/, '').replaceAll('_', '-')}`,
  verdict: 'incompatible',
  detail: unmetText(one, lock, where),
  required: `${one.name} ${one.requires}`,
  found: one.offered === null ? `no ${one.name}` : `${one.name} ${one.offered}`,
  hint: HINTS[one.name] ?? 'Solve the environment for this partition.',
  source: `the lock: ${one.by.join(', ')}`,
  confidence: 'high',
})

const otherPlatform = ({ platform }: EnvironmentLock, there: string, where: string): CompatibilityFinding => ({
  gate: 'build-rest',
  rule: 'lock-platform',
  verdict: 'incompatible',
  detail: `The environment is made for ${platform}; ${where} is ${there}.`,
  required: platform,
  found: there,
  hint: 'Solve the environment for this partition.',
  source: null,
  confidence: 'high',
})
