// An environment after it was solved: every package has its exact version and build. Whatever carries a requirement is
// judged: frameworks by their build strings, CUDA by its own version, and what packages ask of __cuda and __glibc.
import type { CompatibilityFinding, CompatibilityQuestion, CompatibilityReport, Hardware } from '@trotline/contracts'
import { isListed } from './builds/builds-of.ts'
import { channelOf } from './builds/channels.ts'
import { frameworkOf } from './builds/framework-names.ts'
import { finding } from './findings.ts'
import { newestCudaOf } from './gates/driver-cuda.ts'
import { CUDA_PACKAGES, cudaOfPackage } from './gpu-packages.ts'
import { type Node, understandNode } from './gpus/node.ts'
import { judge } from './judge.ts'
import { type CudaPackage, judgeCuda } from './judge-cuda.ts'
import { together } from './judge-together.ts'
import { type Matrix, ruleOf } from './matrix/matrix.ts'
import { parseCondaVersion, parseConstraint } from './versions/conda.ts'

/** As a lock has it; pip's packages have no build. */
export interface LockedPackage {
  name: string
  version: string
  build?: string | null
  channel?: string | null
  url?: string | null
  depends?: readonly string[]
  constrains?: readonly string[]
}

export { CUDA_PACKAGES }

/** Which of a framework's packages names the build best; the others only bring it along. */
const TELLING = ['tensorflow-base', 'pytorch', 'torch', 'jaxlib', 'tensorflow', 'tensorflow-gpu', 'jax']

export function judgeLock(packages: readonly LockedPackage[], hardware: Hardware, matrix: Matrix): CompatibilityReport {
  const reports = questionsOfLock(packages, hardware).map(question => judge(question, matrix))
  const { node } = understandNode(hardware, matrix)
  const others = [
    ...judgeCuda(packages.flatMap(cudaPackage), hardware, matrix),
    ...packages.flatMap(one => virtualRequirements(one, node, matrix)),
  ]
  return together(reports, others, hardware, matrix)
}

/** One statement per framework of the lock, with the Python and cuDNN that lie beside it. */
export function questionsOfLock(packages: readonly LockedPackage[], hardware: Hardware): CompatibilityQuestion[] {
  const versionOf = (name: string) => packages.find(one => one.name === name)?.version
  const python = versionOf('python')
  const cudnn = versionOf('cudnn')?.split('.').slice(0, 3).join('.')
  const best = new Map<string, { rank: number; question: CompatibilityQuestion }>()
  for (const one of packages) {
    const found = frameworkOf(one.name)
    if (found === null || !isListed(found.framework)) continue
    const at = TELLING.indexOf(one.name)
    const rank = at === -1 ? TELLING.length : at
    const before = best.get(found.framework)
    if (before !== undefined && before.rank <= rank) continue
    const channel = channelOfPackage(one)
    best.set(found.framework, {
      rank,
      question: {
        ...hardware,
        framework: found.framework,
        package: one.name === 'tensorflow-base' ? 'tensorflow' : one.name,
        frameworkVersion: one.version,
        channel: found.framework === 'tfjs-node-gpu' ? 'npm' : channel,
        ...(one.build === undefined || one.build === null ? {} : { condaBuild: one.build }),
        ...(python === undefined ? {} : { python }),
        // Wheels, and the builds of PyTorch's own channel, have their cuDNN in them.
        ...(cudnn === undefined || channel === 'pip' || channel === 'conda:pytorch' ? {} : { cudnn }),
      },
    })
  }
  return [...best.values()].map(({ question }) => question)
}

/** .../conda-forge/linux-64/name.conda, .../pkgs/main/linux-64/name.conda; neither channel nor address: pip. */
function channelOfPackage({ channel, url, build }: LockedPackage): string {
  const folder = /([^/]+)\/(?:linux-\w+|noarch)(?:\/[^/]*)?$/
  const name =
    folder.exec(channel ?? '')?.[1] ?? channel?.replace(/\/+$/, '').replace(/^.*\//, '') ?? folder.exec(url ?? '')?.[1]
  if (name === undefined || name === '') return build === undefined || build === null ? 'pip' : 'conda:defaults'
  return channelOf(name) ?? name
}

function cudaPackage({ name, version }: LockedPackage): CudaPackage[] {
  const cuda = cudaOfPackage(name, version)
  return cuda === null ? [] : [{ name: `${name} ${version}`, cuda }]
}

/** `__cuda >=12` and `__glibc >=2.28` among what a package depends on, or is constrained by. */
function virtualRequirements(one: LockedPackage, node: Node, matrix: Matrix): CompatibilityFinding[] {
  return [...(one.depends ?? []), ...(one.constrains ?? [])].flatMap(line => {
    const [, name, written] = /^(__cuda|__glibc)\s*(\S.*)?$/.exec(line.trim()) ?? []
    const holds = written === undefined ? null : parseConstraint(written.split(/\s+/)[0] ?? '')
    if (name === undefined || holds === null) return []
    const ceiling = node.driver === null ? null : newestCudaOf(node.driver, matrix)
    const found = name === '__cuda' ? ceiling?.newestCuda : node.glibc?.join('.')
    const version = found === undefined ? null : parseCondaVersion(found)
    if (version === null || holds(version)) return []
    const what = name === '__cuda' ? `a driver that supports CUDA ${written}` : `glibc ${written}`
    const has = name === '__cuda' ? `supports CUDA ${found} (driver ${node.driverText})` : `has glibc ${found}`
    return [
      finding(
        'build-rest',
        name === '__cuda' ? 'cuda-guard' : 'glibc',
        'incompatible',
        `${one.name} ${one.version} asks for ${what}; this node ${has}.`,
        {
          required: line.trim(),
          found: `${name} ${found}`,
          hint: 'Solve the environment for these nodes.',
          from:
            name === '__cuda'
              ? [ruleOf('cuda-guard', matrix), ceiling]
              : [{ source: `the package ${one.name} ${one.version} itself`, confidence: 'high' }],
        },
      ),
    ]
  })
}
