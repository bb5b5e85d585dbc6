// Rows of different tables that cannot both be right.
import { compareDotted, dotted, minorOf } from '../versions/dotted.ts'
import { branchNumber } from '../versions/driver.ts'
import { eachRow } from './references.ts'
import type { Tables } from './schema.ts'

/** Rows of different tables that cannot both be right, and are no known disagreement. */
export function contradictions(tables: Tables): string[] {
  const faults: string[] = []
  const architectures = new Map(tables.architectures.map(row => [row.capability, row]))
  const inOrder = [...tables.toolkits].sort((a, b) => compareDotted(dotted(a.cuda), dotted(b.cuda)))
  for (const [i, row] of inOrder.entries()) {
    const before = inOrder[i - 1]
    if (before !== undefined && compareDotted(dotted(row.minDriver), dotted(before.minDriver)) < 0)
      faults.push(
        `toolkits: CUDA ${row.cuda} wants driver ${row.minDriver}, an older one than CUDA ${before.cuda} (${before.minDriver})`,
      )
  }
  for (const [place, row] of eachRow(tables, 'minorVersion')) {
    const first = inOrder.find(toolkit => compareDotted(dotted(toolkit.cuda), dotted(row.from)) >= 0)
    if (first !== undefined && compareDotted(dotted(row.minDriver), dotted(first.minDriver)) > 0)
      faults.push(
        `${place}: asks for driver ${row.minDriver}, more than CUDA ${first.cuda} itself (${first.minDriver})`,
      )
  }
  const sets = [...tables.toolkitArchitectures].sort((a, b) => compareDotted(dotted(a.from), dotted(b.from)))
  for (const { capability, firstCuda, lastCuda, embedded } of tables.architectures)
    for (const [i, set] of sets.entries()) {
      const until = sets[i + 1]?.from
      const supported =
        compareDotted(dotted(set.from), dotted(firstCuda)) >= 0 &&
        (lastCuda === null || compareDotted(dotted(set.from), dotted(lastCuda)) <= 0)
      const listed = set.capabilities.includes(capability)
      const outside = lastCuda !== null && compareDotted(dotted(set.from), dotted(lastCuda)) > 0
      const before = until !== undefined && compareDotted(dotted(until), dotted(firstCuda)) <= 0
      if (listed && (outside || before))
        faults.push(
          `toolkitArchitectures from ${set.from}: has ${capability}, which by architectures lasts from CUDA ${firstCuda} to ${lastCuda ?? 'now'}`,
        )
      if (!listed && supported && embedded !== true)
        faults.push(
          `toolkitArchitectures from ${set.from}: lacks ${capability}, which by architectures lasts from CUDA ${firstCuda} to ${lastCuda ?? 'now'}`,
        )
    }
  for (const name of [
    'pytorchWheels',
    'pytorchConda',
    'pytorchCondaForge',
    'tensorflowPip',
    'tensorflowConda',
  ] as const)
    for (const [place, row] of eachRow(tables, name))
      for (const capability of row.sass ?? []) {
        const architecture = architectures.get(capability)
        if (architecture === undefined) continue
        const cuda = minorOf(dotted(row.cuda))
        const { firstCuda, lastCuda } = architecture
        if (
          compareDotted(cuda, dotted(firstCuda)) < 0 ||
          (lastCuda !== null && compareDotted(cuda, dotted(lastCuda)) > 0)
        )
          faults.push(
            `${place}: machine code for ${capability} from CUDA ${row.cuda}, which by architectures knows it from ${firstCuda} to ${lastCuda ?? 'now'}`,
          )
      }
  for (const [place, row] of eachRow(tables, 'pytorchWheels')) {
    const cuda = minorOf(dotted(row.cuda)).join('')
    if (row.tag !== `cu${cuda}`) faults.push(`${place}: the tag ${row.tag} does not mean CUDA ${row.cuda}`)
  }
  for (const [place, row] of eachRow(tables, 'pytorchConda'))
    if (!row.build.includes(`cuda${row.cuda}_cudnn${row.cudnn}`))
      faults.push(`${place}: the build ${row.build} does not mean CUDA ${row.cuda} and cuDNN ${row.cudnn}`)
  const defaults = new Map<string, string>()
  for (const [place, row] of eachRow(tables, 'pytorchWheels')) {
    if (!row.default) continue
    const before = defaults.get(row.version)
    if (before !== undefined) faults.push(`${place}: PyTorch ${row.version} has a default already, in ${before}`)
    defaults.set(row.version, place)
  }
  for (const [place, row] of eachRow(tables, 'tfjsNodeGpu')) {
    const release = tables.tensorflowPip.find(
      one =>
        row.libtensorflow !== null &&
        compareDotted(minorOf(dotted(one.version)), minorOf(dotted(row.libtensorflow))) === 0,
    )
    if (release !== undefined && release.cuda !== row.cuda)
      faults.push(
        `${place}: CUDA ${row.cuda}, but libtensorflow ${row.libtensorflow} has ${release.cuda} in tensorflowPip`,
      )
  }
  for (const [place, row] of eachRow(tables, 'driverBranches')) {
    const own = inOrder.filter(toolkit => dotted(toolkit.minDriver)[0] === branchNumber(row.branch)).at(-1)
    if (own !== undefined && compareDotted(minorOf(dotted(own.cuda)), dotted(row.newestCuda)) !== 0)
      faults.push(`${place}: ${row.branch} is made for CUDA ${row.newestCuda}, but toolkits gives it to ${own.cuda}`)
  }
  return faults
}
