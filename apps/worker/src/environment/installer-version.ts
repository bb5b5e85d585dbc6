// What an installer says of its version. Pure.
import type { InstallerName } from '@trotline/contracts'

/** `2.0.5`, `conda 23.11.0`, `pixi 0.41.4`; mamba 1 says `mamba 1.5.8` and, a line further, its conda's. null: nothing like it. */
export function versionIn(tool: InstallerName, said: string): string | null {
  const lines = said.split('\n').map(line => line.trim())
  const named = lines.find(line => line.startsWith(`${tool} `)) ?? lines.find(line => /^v?\d/.test(line))
  return /\bv?(\d+(?:\.\d+)+[0-9A-Za-z.+-]{0,40})/.exec(named ?? '')?.[1] ?? null
}

/** [2, 0, 5] of `2.0.5rc1`. */
export function releaseOf(version: string): number[] {
  return (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number)
}

/** @param least such as [0, 39] */
export function atLeast(version: string, least: readonly number[]): boolean {
  const release = releaseOf(version)
  for (const [i, wanted] of least.entries()) {
    const found = release[i] ?? 0
    if (found !== wanted) return found > wanted
  }
  return true
}
