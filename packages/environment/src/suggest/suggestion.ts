// A judged candidate, put into words.
import type { CompatibilityReport, Software, Suggestion } from '@trotline/contracts'
import { type Build, buildName, FRAMEWORK_NAMES, FRAMEWORKS } from '../builds/build.ts'
import { listed } from '../listed.ts'
import { sortedPythons } from '../versions/python.ts'
import { type Candidate, softwareIn } from './candidate.ts'
import { installLine } from './install-line.ts'

export function suggestionOf(candidate: Candidate, report: CompatibilityReport, first = ''): Suggestion {
  const { build, partition, changes } = candidate
  const software = softwareIn(candidate.question)
  const warnings = report.findings.filter(one => one.verdict === 'compatible-with-warning')
  const sentences = [
    first,
    whatRuns(candidate, software),
    build === null ? '' : pythonSentence(build, software.python),
    build === null ? '' : whereFrom(build),
    ...warnings.map(one => one.detail),
  ]
  return {
    software,
    partition,
    verdict: report.verdict,
    changes,
    detail: sentences.filter(sentence => sentence !== '').join(' '),
    install: installLine(build, software),
    warnings,
  }
}

function whatRuns({ build, partition, changes }: Candidate, software: Software): string {
  const name = build === null ? nameOf(software) : buildName(build, software.frameworkVersion ?? null)
  const from = build === null || build.channel === 'npm' ? '' : ` from ${channelWords(build.channel)}`
  const kernels = changes.some(({ field }) => field === 'kernels.sass') ? ', compiled for this GPU as well,' : ''
  const compat = software.forwardCompatPackage === undefined ? '' : ` with ${software.forwardCompatPackage}`
  const where = partition === null ? 'runs here' : `runs as it is on partition ${partition}`
  return `${name}${from}${kernels}${compat} ${where}.`
}

function nameOf({ framework = '', frameworkVersion, cuda, condaSpec }: Software): string {
  const known = FRAMEWORKS.find(one => one === framework)
  if (known === 'cuda-runtime' || known === 'custom-cuda')
    return `${FRAMEWORK_NAMES[known]} of CUDA ${cuda ?? ''}`.trim()
  if (known === undefined) return condaSpec ?? framework
  return `${FRAMEWORK_NAMES[known]} ${frameworkVersion ?? ''}`.trim()
}

const channelWords = (channel: string): string =>
  channel === 'pip' ? 'pip' : `conda's channel ${channel.replace(/^conda:/, '')}`

function pythonSentence({ python }: Build, chosen: string | undefined): string {
  if (python === null || python.supported.length === 0) return ''
  const all = sortedPythons(python.supported)
  const known = python.openEnded ? `Python ${all[0]} or newer` : `Python ${listed(all, 'or')}`
  return chosen === undefined ? `It wants ${known}.` : `With Python ${chosen} (it wants ${known}).`
}

/** pip takes the default wheel where nobody names another; JAX's wheels for CUDA were not in its index before CUDA 12. */
function whereFrom({ framework, channel, tag, isDefault, cudaNumbers }: Build): string {
  if (framework === 'pytorch' && channel === 'pip' && tag !== null && !isDefault)
    return `Name the tag +${tag}: without it pip takes another wheel of the release.`
  return framework === 'jax' && (cudaNumbers[0] ?? 0) < 12
    ? "pip's index has only its build for CPUs: the wheels for CUDA are in the project's own list."
    : ''
}
