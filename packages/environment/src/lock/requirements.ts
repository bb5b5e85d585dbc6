// What the nodes of a lock must offer: virtual packages that its packages depend on or are constrained by, and a CUDA that
// follows from the CUDA packages themselves, since metadata of 2018 and 2019 says nothing of __cuda.
import type { VirtualRequirement } from '@trotline/contracts'
import { CUDA_PACKAGES } from '../judge-lock.ts'
import { parseCuda } from '../versions/cuda.ts'
import { parseMatchSpec } from '../versions/match-spec.ts'

export interface Asking {
  name: string
  version: string
  depends?: readonly string[] | undefined
  constrains?: readonly string[] | undefined
}

export function requirementsOf(packages: readonly Asking[]): VirtualRequirement[] {
  return joined(
    packages.flatMap(one => [
      ...(one.depends ?? []).flatMap(line => virtual(line, one.name, 'required')),
      ...(one.constrains ?? []).flatMap(line => virtual(line, one.name, 'if-present')),
      ...cudaFloor(one),
    ]),
  )
}

/** By name and constraint; what several ask for stands once, with the first three of them. */
export function joined(requirements: readonly VirtualRequirement[]): VirtualRequirement[] {
  const byKey = new Map<string, VirtualRequirement>()
  for (const one of requirements) {
    const key = `${one.name} ${one.requires}`
    const before = byKey.get(key)
    byKey.set(key, {
      ...one,
      presence: before?.presence === 'required' ? 'required' : one.presence,
      by: [...new Set([...(before?.by ?? []), ...one.by])].sort().slice(0, 3),
    })
  }
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

function virtual(line: string, by: string, presence: VirtualRequirement['presence']): VirtualRequirement[] {
  if (!line.trim().startsWith('__')) return []
  const spec = parseMatchSpec(line)
  if (spec === null) return []
  const requires = [spec.version ?? '*', ...(spec.build === null ? [] : [spec.build])].join(' ')
  return [{ name: spec.name, requires, presence, by: [by] }]
}

/**
 * Below 11 a driver has to know the very release. From 11 on any driver of the same major runs it (NVIDIA's minor version
 * compatibility; the judge warns of its limits), and conda-forge's cuda-version asks for no more either.
 */
function cudaFloor({ name, version }: Asking): VirtualRequirement[] {
  const cuda = CUDA_PACKAGES.has(name) ? parseCuda(version) : null
  if (cuda === null) return []
  const [major = 0, minor = 0] = cuda
  return [
    { name: '__cuda', requires: `>=${major < 11 ? `${major}.${minor}` : major}`, presence: 'if-present', by: [name] },
  ]
}
