// What other formats want to know besides the packages: their channels, what each depends on, where pip gets its files.
import type { EnvironmentLock } from '@trotline/contracts'
import { parseArchiveUrl } from './archive-url.ts'

/** By the archive's sha256: as repodata has them. */
export type Dependencies = ReadonlyMap<
  string,
  { depends: readonly string[]; constrains?: readonly string[] | undefined }
>

/** Addresses, in the order in which the packages name them; priority is no longer known, and for a lock of no account. */
export function channelsOfLock({ conda }: EnvironmentLock): string[] {
  const channels = conda.flatMap(({ url }) => {
    const address = parseArchiveUrl(url)
    return typeof address === 'string' ? [] : [address.channel]
  })
  return [...new Set(channels)]
}

/** Sentences for people; none where there is no package of pip. */
export function pipLacks(tool: string, { pip }: EnvironmentLock): string[] {
  if (pip.length === 0) return []
  const packages = pip.length === 1 ? `the package ${pip[0]?.name} of pip` : `the ${pip.length} packages of pip`
  return [`A lock has no addresses for ${packages}: they stand in comments, and ${tool} will not install them.`]
}
