// What the features of a node (man slurm.conf, Features) say of its GPU: names of products and tags of compute capabilities.
// They are whatever the administrator wrote, and the least trusted of all: a university's own table lists tags that are wrong.
import type { Row } from '../matrix/schema.ts'
import { parseCapability } from '../versions/capability.ts'
import { compareDotted, type Dotted, dotted } from '../versions/dotted.ts'
import { findGpu, type GpuName, isAmbiguous, keyOf } from './names.ts'

export interface TaggedGpus {
  /** Products named, weakest first; empty where one of the names can be several products. */
  gpus: readonly Row<'gpus'>[]
  /** Words that may name a GPU, or a rack, or a processor: nothing beside them says which. */
  doubtful: readonly string[]
  /** COMPUTE_CAPABILITY_8_6, cc86; the lowest if there are several. */
  capability: Dotted | null
}

/** `l4`, `t4` and `a16` are GPUs, and places in a hall. */
const SHORT = 3
const SIGN =
  /(?:^|[^a-z])(?:gpus?|nvidia|cuda|tesla|geforce|quadro|kepler|maxwell|pascal|volta|turing|ampere|ada|hopper|blackwell)(?:[^a-z]|$)/i

/** A list, or the text with commas that sinfo prints. */
export function gpusOfFeatures(
  written: string | readonly string[] | undefined,
  names: ReadonlyMap<string, GpuName>,
): TaggedGpus {
  const features = [written ?? []]
    .flat()
    .flatMap(feature => feature.split(','))
    .map(feature => feature.trim())
    .filter(feature => feature !== '')
  const capability = capabilityOf(features)
  const signed = features.length === 1 || features.some(feature => SIGN.test(feature))
  const gpus = new Set<Row<'gpus'>>()
  const doubtful: string[] = []
  let sure = true
  for (const feature of features) {
    const found = /\d/.test(feature) ? findGpu(feature, names) : null
    if (found === null) continue
    if (isAmbiguous(found)) sure = false
    else if (keyOf(feature).length > SHORT || signed || sameAs(capability, found)) gpus.add(found)
    else doubtful.push(feature)
  }
  const weakestFirst = [...gpus].sort((a, b) => compareDotted(dotted(a.capability), dotted(b.capability)))
  return { gpus: sure ? weakestFirst : [], doubtful, capability }
}

const sameAs = (capability: Dotted | null, gpu: Row<'gpus'>): boolean =>
  capability !== null && compareDotted(capability, dotted(gpu.capability)) === 0

function capabilityOf(features: readonly string[]): Dotted | null {
  const found = features
    .map(feature => /^(?:COMPUTE_CAPABILITY|CC)[_-]?(\d{1,2})[._]?(\d)$/i.exec(feature))
    .map(match => (match === null ? null : parseCapability(`${match[1]}.${match[2]}`)))
    .filter(capability => capability !== null)
    .sort(compareDotted)
  return found[0] ?? null
}
