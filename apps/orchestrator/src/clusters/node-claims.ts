// What a user's job says of a node beside what our own looks found. Its file lies in the user's directory, so it is a claim: shown,
// a reason to look at that very node, and nothing that others are judged by. Pure.
import type { NodeClaim } from '@trotline/contracts'
import type { Claim, KnownLook } from '../store/sightings.ts'

const MOST_CHARACTERS = 400

/** null: it is older than the look, or says nothing else; a job may see some of the GPUs only, and need not see any. */
export function claimAgainst(claim: Claim, look: KnownLook | undefined): NodeClaim | null {
  if (look !== undefined && look.at >= claim.at) return null
  const said: string[] = []
  const differs = (what: string, told: string | null, seen: string | null | undefined): void => {
    if (told !== null && told !== seen)
      said.push(seen == null ? `${what} ${told}` : `${what} ${told} (when it was looked at: ${seen})`)
  }
  differs('driver', claim.driver, look?.driver)
  const seen = new Set(look?.gpus.map(({ name }) => name))
  const others = claim.gpus.map(({ name }) => name).filter(name => !seen.has(name))
  if (others.length > 0)
    differs('GPU', [...new Set(others)].join(' and '), seen.size === 0 ? null : [...seen].join(' and '))
  differs('glibc', claim.glibc, look?.glibc)
  differs('architecture', claim.cpuArch, look?.cpuArch)
  if (look?.gpuTrouble == null && claim.gpuTrouble !== null) said.push(`"${claim.gpuTrouble}"`)
  if (said.length === 0) return null
  const { node, job, at } = claim
  return { node, job, at, says: said.join(', ').slice(0, MOST_CHARACTERS) }
}

export const claimInWords = ({ node, job, says }: NodeClaim): string =>
  `${node}: job ${job} says ${says}; nobody else has seen that yet`
