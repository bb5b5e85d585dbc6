// Which nodes have to be looked at before others of their kind. Pure:
//
//   a job said something else of it than our own look   at once; where a look has just found the job wrong, not again for a while
//   it makes the least of its kind by an old look       the others are better, and it may have become so, too
//   it has trouble that others of its kind have not     again after an hour: a driver that hung, a Node.js that did not start
import { claimAgainst } from '../clusters/node-claims.ts'
import { isAway, type Kind } from '../clusters/node-kinds.ts'
import { compareVersions } from '../clusters/version-order.ts'
import type { ProbeSettings } from '../config.ts'
import type { KnownLook, KnownLooks } from '../store/sightings.ts'

const HOUR_MS = 3_600_000
const TROUBLE_AGAIN_MS = HOUR_MS

/** @param doubted nodes of which a job was found wrong a moment ago: its word is no reason to look again */
export function urgentNodes(
  kinds: readonly Kind[],
  { looks, claims }: Readonly<KnownLooks>,
  { maxAgeHours }: Pick<ProbeSettings, 'maxAgeHours'>,
  nowMs: number,
  doubted: (node: string) => boolean,
): Set<string> {
  const urgent = new Set<string>()
  for (const kind of kinds) {
    const standing = kind.nodes.filter(node => !isAway(node)).map(({ name }) => name)
    for (const name of standing) {
      const claim = claims.get(name)
      if (claim !== undefined && claimAgainst(claim, looks.get(name)) !== null && !doubted(name)) urgent.add(name)
    }
    const known = standing.flatMap(name => looks.get(name) ?? [])
    const ageMs = ({ at }: KnownLook): number => nowMs - Date.parse(at)
    const fresh = known.filter(look => ageMs(look) <= maxAgeHours * HOUR_MS)
    for (const look of known) {
      if (ageMs(look) > maxAgeHours * HOUR_MS && fresh.length > 0 && lowers(look, fresh)) urgent.add(look.node)
      const isAlone = hasTrouble(look) && known.some(other => !hasTrouble(other))
      if (isAlone && ageMs(look) > TROUBLE_AGAIN_MS) urgent.add(look.node)
    }
  }
  return urgent
}

const hasTrouble = ({ gpuTrouble, nodeTrouble }: KnownLook): boolean => gpuTrouble !== null || nodeTrouble !== null

/** Would less be known to run on the kind because of it? */
function lowers(old: KnownLook, fresh: readonly KnownLook[]): boolean {
  const isLess = (value: (look: KnownLook) => string | null): boolean => {
    const own = value(old)
    return own !== null && fresh.every(look => compareVersions(value(look) ?? own, own) > 0 || value(look) === null)
      ? fresh.some(look => value(look) !== null)
      : false
  }
  const names = new Set(fresh.flatMap(look => look.gpus.map(({ name }) => name)))
  return (
    isLess(look => look.driver) ||
    isLess(look => look.glibc) ||
    isLess(look => look.nodeVersion) ||
    (names.size > 0 && old.gpus.some(({ name }) => !names.has(name))) ||
    fresh.every(look => look.cpuArch !== null && old.cpuArch !== null && look.cpuArch !== old.cpuArch)
  )
}
