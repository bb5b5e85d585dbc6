// The conda lines of a spec: which frameworks they ask for, from which channel, and what other packages say of CUDA, cuDNN, Python.
import type { CompatibilityFinding, Software } from '@trotline/contracts'
import type { ListedFramework } from './builds/build.ts'
import { buildsOf } from './builds/builds-of.ts'
import { channelOf } from './builds/channels.ts'
import { finding } from './findings.ts'
import { frameworkBehind, listedFramework, nightly } from './gpu-packages.ts'
import type { Matrix } from './matrix/matrix.ts'
import { parseConstraint } from './versions/conda.ts'
import { parseCuda, parseCudaMajor } from './versions/cuda.ts'
import { bare, type MatchSpec, parseMatchSpec } from './versions/match-spec.ts'

export interface CondaAsked {
  found: (Software & { framework: ListedFramework })[]
  /** All others; versions without the signs that say "exactly". */
  packages: { name: string; version: string | null }[]
  python: string | null
  unread: string[]
  findings: CompatibilityFinding[]
}

/** Those whose version is the CUDA of the frameworks beside them, the most telling first. */
const CUDA_OF_BUILD = ['cudatoolkit', 'cuda-version', 'pytorch-cuda', 'cuda-toolkit', 'cuda-cudart', 'cuda-runtime']

export function readConda(lines: readonly string[], channels: readonly string[], matrix: Matrix): CondaAsked {
  const asked: CondaAsked = { found: [], packages: [], python: null, unread: [], findings: [] }
  const frameworks: { spec: MatchSpec; framework: ListedFramework }[] = []
  const channelFor = channelsInOrder(channels, matrix)
  let cpuOnly: MatchSpec | null = null
  for (const line of lines) {
    if (line.replace(/#.*$/, '').trim() === '') continue
    const spec = parseMatchSpec(line)
    if (spec === null) {
      asked.unread.push(line)
      continue
    }
    const framework = listedFramework(spec.name)
    if (spec.name === 'cpuonly' || (spec.name === 'pytorch-mutex' && /^cpu/.test(spec.build ?? ''))) cpuOnly = spec
    else if (framework !== null) frameworks.push({ spec, framework })
    else asked.packages.push({ name: spec.name, version: bare(spec.version) })
  }
  asked.python = joined(asked.packages.filter(({ name }) => name === 'python').map(({ version }) => version))
  const cuda = cudaBeside(asked.packages)
  const cudnn = asked.packages.find(({ name, version }) => name === 'cudnn' && isExact(version))?.version ?? null
  const torch = frameworks.some(({ framework }) => framework === 'pytorch')
  // torchvision with cpuonly brings a PyTorch for CPUs, whatever its version.
  if (cpuOnly !== null && !torch && asked.packages.some(({ name }) => frameworkBehind(name) === 'pytorch'))
    frameworks.push({ spec: { ...cpuOnly, name: 'pytorch', version: null, build: null }, framework: 'pytorch' })
  for (const { spec, framework } of frameworks) {
    const channel = spec.channel ?? channelFor(framework)
    if (/nightly/i.test(channel)) {
      asked.findings.push(nightly(`${spec.name} of ${channel}`))
      continue
    }
    const named = channelOf(channel) ?? channel
    const forCpu = cpuOnly !== null && framework === 'pytorch'
    if (forCpu && spec.build !== null && /cuda/i.test(spec.build)) asked.findings.push(cpuAndCuda(spec.build))
    const build = forCpu ? '*cpu*' : spec.build
    asked.found.push({
      framework,
      package: spec.name === 'tensorflow-base' ? 'tensorflow' : spec.name,
      channel: named,
      // Whoever names no version gets the newest.
      frameworkVersion: bare(spec.version) ?? '*',
      ...(build === null ? {} : { condaBuild: build }),
      ...(asked.python === null ? {} : { python: asked.python }),
      ...(cuda === null || forCpu ? {} : { cuda }),
      // The project's own builds have their cuDNN in them: what else is installed, they do not use.
      ...(cudnn === null || named === 'conda:pytorch' ? {} : { cudnn }),
    })
  }
  return asked
}

const cpuAndCuda = (build: string): CompatibilityFinding =>
  finding(
    'build-rest',
    'question-contradicts',
    'unknown',
    `The environment contradicts itself: cpuonly asks for a PyTorch without CUDA, and the build ${build} has one.`,
    { required: 'cpuonly, or a build with CUDA', found: build, hint: 'Leave cpuonly out.' },
  )

const isExact = (version: string | null): boolean => version !== null && /^\d+\.\d+(\.\d+)*$/.test(version)

/** `python>=3.6` and `python<3.9` on two lines are one constraint. */
function joined(versions: readonly (string | null)[]): string | null {
  const told = [...new Set(versions.filter(version => version !== null))]
  return told.length === 0 ? null : told.length === 1 ? (told[0] ?? null) : told.slice(0, 8).map(asConstraint).join(',')
}

const asConstraint = (version: string): string => (/^\d/.test(version) ? `=${version}` : version)

/** An exact CUDA before a major, a major before a range; what nobody can read says nothing. */
function cudaBeside(packages: CondaAsked['packages']): string | null {
  const told = CUDA_OF_BUILD.flatMap(name => packages.filter(one => one.name === name)).flatMap(
    ({ version }) => version ?? [],
  )
  return (
    told.find(version => parseCuda(version) !== null) ??
    told.find(version => parseCudaMajor(version) !== null) ??
    told.find(version => /[<>=!~*|,]/.test(version) && parseConstraint(version) !== null) ??
    null
  )
}

/** The first of the channels that has the framework, as far as the matrix knows: channels are in order of priority. */
function channelsInOrder(channels: readonly string[], matrix: Matrix): (framework: ListedFramework) => string {
  const names = [...new Set(channels)].map(channel => {
    const name = channel.replace(/\/+$/, '').replace(/^.*\//, '')
    return /nightly/i.test(channel) ? 'pytorch-nightly' : (channelOf(name) ?? name)
  })
  const found = new Map<ListedFramework, string>()
  return framework => {
    const before = found.get(framework)
    if (before !== undefined) return before
    const withIt = new Set(buildsOf(framework, matrix).map(({ channel }) => channel))
    const has = (name: string) => withIt.has(name) || (framework === 'pytorch' && name === 'pytorch-nightly')
    // Of none that is known to have it the first that the matrix knows at all is named: so it is said what was asked for.
    const channel = names.find(has) ?? names.find(name => name.startsWith('conda:')) ?? names[0] ?? 'conda:defaults'
    found.set(framework, channel)
    return channel
  }
}
