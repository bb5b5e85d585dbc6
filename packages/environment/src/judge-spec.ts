// An environment before it is solved: match specs of conda (pytorch::pytorch=1.3=*cuda9.2*) and requirements of pip.
// Each package that is a framework becomes a statement; python, cudatoolkit, cuda-version and cudnn say more about it.
import type { CompatibilityQuestion, CompatibilityReport, Hardware } from '@trotline/contracts'
import { buildsOf, isListed } from './builds/builds-of.ts'
import { channelOf } from './builds/channels.ts'
import { frameworkOf } from './builds/wanted.ts'
import { finding } from './findings.ts'
import { newestCudaOf } from './gates/driver-cuda.ts'
import { judge } from './judge.ts'
import { together } from './judge-together.ts'
import type { Matrix } from './matrix/matrix.ts'
import { parseDriver } from './versions/driver.ts'
import { type MatchSpec, type PipRequirement, parseMatchSpec, parsePipRequirement } from './versions/match-spec.ts'

/** As an environment.yml has them. */
export interface EnvironmentSpec {
  channels: readonly string[]
  dependencies: readonly (string | { readonly pip: readonly string[] })[]
}

/** Never throws for what the spec says: a line that nobody can read is a finding. */
export function judgeSpec(spec: EnvironmentSpec, hardware: Hardware, matrix: Matrix): CompatibilityReport {
  const { questions, unreadable } = questionsOfSpec(spec, hardware, matrix)
  const reports = questions.map(question => judge(question, matrix))
  const findings = unreadable.map(line =>
    finding('build-rest', 'spec-unreadable', 'unknown', `"${line}" cannot be read as a package.`, {
      required: 'a match spec such as pytorch::pytorch=1.3=*cuda9.2*',
      found: line,
    }),
  )
  return together(reports, findings, hardware, matrix)
}

/** The statements that an environment makes, one per framework in it. */
export function questionsOfSpec(
  spec: EnvironmentSpec,
  hardware: Hardware,
  matrix: Matrix,
): { questions: CompatibilityQuestion[]; unreadable: string[] } {
  const unreadable: string[] = []
  const conda: MatchSpec[] = []
  const pip: string[] = []
  for (const dependency of spec.dependencies) {
    if (typeof dependency !== 'string') {
      pip.push(...dependency.pip)
      continue
    }
    const parsed = parseMatchSpec(dependency)
    if (parsed === null) unreadable.push(dependency)
    else conda.push(parsed)
  }
  const about = { ...hardware, ...aroundConda(conda), ...solverOf(hardware, matrix) }
  const ofConda = conda.flatMap(one => {
    const found = frameworkOf(one.name)
    return found === null || !isListed(found.framework) ? [] : [ofMatchSpec(one, spec.channels, about, matrix)]
  })
  const ofPip = questionsOfPip(pip, { ...hardware, ...pythonAmong(conda) }, unreadable)
  return { questions: [...onePerFramework(ofConda), ...ofPip], unreadable }
}

/** The solver is told what the nodes' driver supports, not what the machine has that solves. */
function solverOf(hardware: Hardware, matrix: Matrix): Pick<CompatibilityQuestion, 'virtualPackages'> {
  const driver = hardware.driver === undefined ? null : parseDriver(hardware.driver)
  const ceiling = driver === null ? null : newestCudaOf(driver, matrix)
  return ceiling === null ? {} : { virtualPackages: { __cuda: ceiling.newestCuda } }
}

const bare = (version: string | null): string | null => version?.replace(/^=+(?=\d)/, '').replace(/\.\*$/, '') ?? null

function pythonAmong(specs: readonly MatchSpec[]): Pick<CompatibilityQuestion, 'python'> {
  const python = specs.find(one => one.name === 'python')?.version
  return python === undefined || python === null ? {} : { python: bare(python) ?? python }
}

/** What other packages say of CUDA, cuDNN and Python. Ranges say nothing exact of CUDA, and are left out. */
function aroundConda(specs: readonly MatchSpec[]): Pick<CompatibilityQuestion, 'python' | 'cuda' | 'cudnn'> {
  const exact = (...names: string[]) => {
    const version = bare(specs.find(one => names.includes(one.name) && one.version !== null)?.version ?? null)
    return version !== null && /^\d+\.\d+(\.\d+)*$/.test(version) ? version : null
  }
  const cuda = exact('cudatoolkit', 'cuda-version', 'pytorch-cuda', 'cuda-toolkit', 'cuda-cudart')
  const cudnn = exact('cudnn')
  return { ...pythonAmong(specs), ...(cuda === null ? {} : { cuda }), ...(cudnn === null ? {} : { cudnn }) }
}

type About = Omit<CompatibilityQuestion, 'framework'>

function ofMatchSpec(
  spec: MatchSpec,
  channels: readonly string[],
  about: About,
  matrix: Matrix,
): CompatibilityQuestion {
  const found = frameworkOf(spec.name)
  const framework = found?.framework ?? 'pytorch'
  const channel = spec.channel ?? channelFor(framework, channels, matrix)
  const version = bare(spec.version)
  return {
    ...about,
    framework,
    package: spec.name === 'tensorflow-base' ? 'tensorflow' : spec.name,
    channel: channelOf(channel) ?? channel,
    // Whoever names no version gets the newest.
    frameworkVersion: version ?? '*',
    ...(spec.build === null ? {} : { condaBuild: spec.build }),
  }
}

/** The first of the channels that has the framework, as far as the matrix knows: channels are in order of priority. */
function channelFor(framework: string, channels: readonly string[], matrix: Matrix): string {
  const builds = isListed(framework) ? buildsOf(framework, matrix) : []
  const known = channels.map(channel => channelOf(channel.replace(/^.*\/(?=[^/]+\/?$)/, '')) ?? channel)
  return known.find(channel => builds.some(build => build.channel === channel)) ?? 'conda:defaults'
}

/** tensorflow-gpu and tensorflow, jax and jaxlib are one framework: what says more about the build counts. */
function onePerFramework(questions: readonly CompatibilityQuestion[]): CompatibilityQuestion[] {
  const byFramework = new Map<string, CompatibilityQuestion>()
  for (const question of questions) {
    const framework = question.framework ?? ''
    const before = byFramework.get(framework)
    byFramework.set(
      framework,
      before === undefined || saysMore(question, before) ? { ...before, ...question } : { ...question, ...before },
    )
  }
  return [...byFramework.values()]
}

const saysMore = (one: CompatibilityQuestion, other: CompatibilityQuestion): boolean => weight(one) > weight(other)

const weight = ({ condaBuild, package: name, frameworkVersion }: CompatibilityQuestion): number =>
  (condaBuild === undefined ? 0 : 4) +
  (/-gpu$/.test(name ?? '') ? 2 : 0) +
  (frameworkVersion === undefined || frameworkVersion === '*' ? 0 : 1)

const INDEX_TAG = /\/whl\/(cu\d{2,3}|cpu)\b/

function questionsOfPip(lines: readonly string[], about: About, unreadable: string[]): CompatibilityQuestion[] {
  const index = lines.map(line => INDEX_TAG.exec(line)?.[1]).find(tag => tag !== undefined)
  const requirements: PipRequirement[] = []
  for (const line of lines) {
    if (/^\s*(?:-|$|#)|:\/\/|^\s*\.{0,2}\//.test(line)) continue
    const requirement = parsePipRequirement(line)
    if (requirement === null) unreadable.push(line)
    else requirements.push(requirement)
  }
  // jax-cuda12-plugin, or jaxlib==0.4.24+cuda12.cudnn89: the package beside jax that has the GPU in it.
  const plugin = requirements
    .map(one => /^jax-(cuda\d\d)-(?:plugin|pjrt)$/.exec(one.name)?.[1] ?? /^cuda\d{2,3}/.exec(one.local ?? '')?.[0])
    .find(tag => tag !== undefined)
  const questions = requirements.flatMap(one => {
    const found = frameworkOf(one.name)
    return found === null || !isListed(found.framework)
      ? []
      : [ofRequirement(one, found.framework, index, plugin, about)]
  })
  return onePerFramework(questions)
}

function ofRequirement(
  requirement: PipRequirement,
  framework: string,
  index: string | undefined,
  plugin: string | undefined,
  about: About,
): CompatibilityQuestion {
  const version = bare(requirement.version)
  const extra = requirement.extras
    .map(name => /^cuda(?:\d\d)?(?=\D|$)/.exec(name)?.[0])
    .find(name => name !== undefined)
  const local =
    requirement.local === null ? undefined : (/^cuda\d{2,3}/.exec(requirement.local)?.[0] ?? requirement.local)
  // Plain jax is for CPUs: jax[cuda12], or the plugin of that name, brings the GPU.
  const jax = extra === 'cuda' ? undefined : (extra ?? local ?? plugin ?? 'cpu')
  const tag = framework === 'jax' ? jax : (local ?? (framework === 'pytorch' ? index : undefined))
  return {
    ...about,
    framework,
    package: requirement.name,
    channel: framework === 'tfjs-node-gpu' ? 'npm' : 'pip',
    frameworkVersion: version ?? '*',
    ...(tag === undefined ? {} : { wheelTag: tag }),
  }
}
