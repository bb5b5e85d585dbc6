// The pip lines of a spec: frameworks as wheels, with the CUDA that the local version, the index or a plugin beside them names.
import type { CompatibilityFinding, Software } from '@trotline/contracts'
import type { ListedFramework } from './builds/build.ts'
import { frameworkBehind, isNightly, listedFramework, nightly, usesCuda } from './gpu-packages.ts'
import { bare, type PipRequirement, parsePipRequirement } from './versions/match-spec.ts'

export interface PipAsked {
  found: (Software & { framework: ListedFramework })[]
  packages: { name: string; version: string | null }[]
  unread: string[]
  /** Folders and addresses of people's own code: what they depend on is only of interest where nothing else names a framework. */
  unreadUnlessNamed: string[]
  findings: CompatibilityFinding[]
}

const INDEX_TAG = /\/whl\/(cu\d{2,3}|cpu)\b/
const NIGHTLY_INDEX = /\/whl\/(?:nightly|test)\b/
/** Where packages come from and how they are installed: what is installed stays the same. */
const HARMLESS =
  /^(?:-i|-f|--(?:index-url|extra-index-url|find-links|no-index|trusted-host|no-deps|prefer-binary|only-binary|no-binary|require-hashes|no-cache-dir|upgrade|use-pep517|no-build-isolation|config-settings))(?=[\s=]|$)/
/** With the hashes of many files. */
const MOST_CHARACTERS = 2000
/** sys_platform == "darwin": not on the nodes. */
const ELSEWHERE = /\b(?:sys_platform|platform_system)\s*==\s*['"](?!linux)/i

export function readPip(lines: readonly string[], pythonOfConda: string | null): PipAsked {
  const asked: PipAsked = { found: [], packages: [], unread: [], unreadUnlessNamed: [], findings: [] }
  const index = lines.map(line => INDEX_TAG.exec(line)?.[1]).find(tag => tag !== undefined)
  const preliminary = lines.some(line => NIGHTLY_INDEX.test(line) || /^\s*--pre\s*$/.test(line))
  const requirements: (PipRequirement & { python?: string })[] = []
  for (const written of lines) {
    if (written.length > MOST_CHARACTERS) {
      asked.unread.push(written)
      continue
    }
    const line = written
      .replace(/\s+/g, ' ')
      .replace(/(^| )#.*$/, '')
      .replace(/ --hash[= ]\S+/g, '')
      .trim()
    const marker = line.indexOf(';')
    if (line === '' || HARMLESS.test(line) || line === '--pre') continue
    if (marker !== -1 && ELSEWHERE.test(line.slice(marker))) continue
    const requirement = requirementOf(line)
    if (requirement === 'unread') asked.unread.push(written)
    else if (requirement === 'own-code') asked.unreadUnlessNamed.push(written)
    else if (requirement !== null) requirements.push(requirement)
  }
  // jax-cuda12-plugin, or jaxlib==0.4.24+cuda12.cudnn89: the package beside jax that has the GPU in it.
  const plugin = requirements
    .map(one => /^jax-(cuda\d\d)-(?:plugin|pjrt)$/.exec(one.name)?.[1] ?? /^cuda\d{2,3}/.exec(one.local ?? '')?.[0])
    .find(tag => tag !== undefined)
  for (const one of requirements) {
    const framework = listedFramework(one.name)
    const version = bare(one.version)
    if (framework === null) {
      asked.packages.push({ name: one.name, version })
    } else if (preliminary && !/^\d/.test(version ?? '')) asked.findings.push(nightly(one.name))
    else asked.found.push(softwareOf(one, framework, { index, plugin }, pythonOfConda))
  }
  return asked
}

/** null: a package that has nothing to do with a GPU, from an address. */
function requirementOf(line: string): (PipRequirement & { python?: string }) | 'unread' | 'own-code' | null {
  if (/^(?:-e|--editable)(?=[\s=])/.test(line)) return 'own-code'
  if (line.startsWith('-')) return 'unread'
  const [, named, address] =
    /^([A-Za-z0-9][A-Za-z0-9._-]*) ?(?:\[[^\]]*\])? ?@ ?(\S.*)$/.exec(line) ??
    /^()(\S*(?:[/\\]|\.whl)\S*)/.exec(line) ??
    []
  if (address === undefined) return parsePipRequirement(line) ?? 'unread'
  const wheel = wheelOf(address)
  if (wheel !== null) return wheel
  const name = (named || /[#&]egg=([A-Za-z0-9._-]+)/.exec(address)?.[1])?.toLowerCase().replace(/[._-]+/g, '-')
  if (name === undefined) return /^(?:\.{0,2}[/\\]|~)/.test(address) ? 'own-code' : 'unread'
  const matters = listedFramework(name) !== null || frameworkBehind(name) !== null || usesCuda(name) || isNightly(name)
  return matters ? 'unread' : null
}

/** torch-2.1.2%2Bcu118-cp311-cp311-linux_x86_64.whl says its version, its CUDA and its Python (PEP 427). */
function wheelOf(address: string): (PipRequirement & { python?: string }) | null {
  const file = (address.split(/[?#;\s]/)[0] ?? '').replace(/^.*[/\\]/, '').replace(/%2b/gi, '+')
  const [, name, version, python] =
    /^([A-Za-z0-9_.]{1,100})-([A-Za-z0-9_.!+]{1,64})(?:-\d[A-Za-z0-9_]*)?-([A-Za-z0-9_.]+)-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+\.whl$/.exec(
      file,
    ) ?? []
  const requirement = name === undefined ? null : parsePipRequirement(`${name}==${version}`)
  const [, major, minor] = /^cp(\d)(\d{1,2})$/.exec(python ?? '') ?? []
  return requirement === null || major === undefined ? requirement : { ...requirement, python: `${major}.${minor}` }
}

function softwareOf(
  requirement: PipRequirement & { python?: string },
  framework: ListedFramework,
  { index, plugin }: { index: string | undefined; plugin: string | undefined },
  pythonOfConda: string | null,
): PipAsked['found'][number] {
  const extra = requirement.extras
    .map(name => /^cuda(?:\d\d)?(?=\D|$)/.exec(name)?.[0])
    .find(name => name !== undefined)
  const local =
    requirement.local === null ? undefined : (/^cuda\d{2,3}/.exec(requirement.local)?.[0] ?? requirement.local)
  // Plain jax is for CPUs: jax[cuda12], or the plugin of that name, brings the GPU.
  const jax = extra === 'cuda' ? undefined : (extra ?? local ?? plugin ?? 'cpu')
  const tag = framework === 'jax' ? jax : (local ?? (framework === 'pytorch' ? index : undefined))
  const python = pythonOfConda ?? requirement.python
  return {
    framework,
    package: requirement.name,
    channel: framework === 'tfjs-node-gpu' ? 'npm' : 'pip',
    frameworkVersion: bare(requirement.version) ?? '*',
    ...(tag === undefined ? {} : { wheelTag: tag }),
    ...(python === undefined || python === null ? {} : { python }),
  }
}
