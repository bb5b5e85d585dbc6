// Environments as they cross a process: the spec, as people write environment.yml, and the lock, which names every archive by
// its hashes. A lock is canonical: of the same packages there is one, and its id is the sha256 of its canonical JSON.
import { z } from 'zod'
import { Sha256 } from './names.ts'

/** What a spec may have; a text is counted in characters and lines before anything reads it. */
export const SPEC_LIMITS = {
  characters: 65_536,
  lines: 2000,
  channels: 16,
  dependencies: 500,
  pip: 500,
  line: 200,
} as const

/** What a lock may have. */
export const LOCK_LIMITS = { characters: 8_388_608, lines: 200_000, conda: 5000, pip: 2000, hashes: 256 } as const

/** One line of a spec: what is in it is read by packages/environment, which refuses what no installer should see. */
const SpecLine = z
  .string()
  .min(1)
  .max(SPEC_LIMITS.line)
  .regex(/^[\x20-\x7e]+$/, 'has characters that no package has in its name or version')

/** A pip requirement may bring hashes, which are long. */
const PipLine = z
  .string()
  .min(1)
  .max(2000)
  .regex(/^[\x20-\x7e]+$/, 'has characters that no package has in its name or version')

/** A name (`conda-forge`, `pytorch/label/nightly`) or an address; never one that holds a password or a token. */
export const CondaChannel = z
  .string()
  .max(SPEC_LIMITS.line)
  .regex(
    /^(?:https?:\/\/(?!t\/)[A-Za-z0-9.:[\]-]+(?:\/(?!t\/)[A-Za-z0-9._~+-]+)*\/?|[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*)$/,
    'is neither the name of a channel nor an http or https address without user, password and token',
  )

export const EnvironmentSpec = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is not a name: letters, digits, ".", "_" and "-", at most 64')
      .optional(),
    /** In order of priority: a package is taken from the first that has it. */
    channels: z.array(CondaChannel).min(1).max(SPEC_LIMITS.channels),
    dependencies: z
      .array(z.union([SpecLine, z.strictObject({ pip: z.array(PipLine).min(1).max(SPEC_LIMITS.pip) })]))
      .min(1)
      .max(SPEC_LIMITS.dependencies),
  })
  .refine(spec => spec.dependencies.filter(one => typeof one !== 'string').length <= 1, 'has more than one pip list')
  .meta({ id: 'EnvironmentSpec' })
export type EnvironmentSpec = z.infer<typeof EnvironmentSpec>

/** Slurm's nodes run Linux. */
export const CONDA_PLATFORMS = ['linux-64', 'linux-aarch64', 'linux-ppc64le'] as const
export const CondaPlatform = z.enum(CONDA_PLATFORMS)
export type CondaPlatform = z.infer<typeof CondaPlatform>

export const CondaName = z.string().regex(/^[a-z0-9_][a-z0-9_.-]{0,127}$/, 'is not the name of a conda package')
const CondaVersion = z.string().regex(/^[A-Za-z0-9_.!+]{1,64}$/, 'is not a version of a conda package')
const CondaBuild = z.string().regex(/^[A-Za-z0-9_.+]{1,128}$/, 'is not a build string')
const Md5 = z.string().regex(/^[0-9a-f]{32}$/, 'is not an md5 in lower-case hexadecimal')

/** http or https, without user, password, token, query and fragment: an address stays in a lock for years. */
export const ArchiveUrl = z
  .string()
  .max(1000)
  .regex(
    /^https?:\/\/(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?(?:\/(?!t\/|\.\.?\/)(?:[A-Za-z0-9._~!+-]|%(?:21|2[Bb]))+)+$/,
    'is not an http or https address of an archive without user, password, token, query and fragment',
  )

export const LockedConda = z.strictObject({
  name: CondaName,
  version: CondaVersion,
  build: CondaBuild,
  /** The lock's platform, or noarch. */
  subdir: z.union([CondaPlatform, z.literal('noarch')]),
  url: ArchiveUrl,
  /** Every installer accepts it; sha256 is what is trusted. */
  md5: Md5,
  sha256: Sha256,
  /** Of the archive, in bytes; null: the file that the lock was read from does not tell. */
  size: z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullable(),
})
export type LockedConda = z.infer<typeof LockedConda>

export const LockedPip = z.strictObject({
  name: z
    .string()
    .max(128)
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'is not a normalized name of a pip package (PEP 503)'),
  version: z.string().regex(/^[A-Za-z0-9.!+_-]{1,64}$/, 'is not a version of a pip package'),
  /** Of every file that may be installed; in order. */
  sha256: z.array(Sha256).min(1).max(LOCK_LIMITS.hashes),
})
export type LockedPip = z.infer<typeof LockedPip>

/** What the nodes must offer. It is recorded when the lock is made: the archives themselves do not carry it. */
export const VirtualRequirement = z.strictObject({
  /** __cuda, __glibc, __archspec, … */
  name: z.string().regex(/^__[a-z0-9_]{1,32}$/, 'is not a virtual package'),
  /** A constraint of conda: `>=9.2`; `*` for any. */
  requires: z.string().regex(/^[A-Za-z0-9_.!+*<>=~|, -]{1,100}$/, 'is not a constraint'),
  /** required: a package depends on it. if-present: it counts only where the node has one, as conda's `constrains` do. */
  presence: z.enum(['required', 'if-present']),
  /** Who asks: the first three names in the order of the alphabet. */
  by: z.array(CondaName).min(1).max(3),
})
export type VirtualRequirement = z.infer<typeof VirtualRequirement>

export const EnvironmentLock = z
  .strictObject({
    v: z.literal(1),
    platform: CondaPlatform,
    /** By name, then by constraint. */
    virtualPackages: z.array(VirtualRequirement).max(200),
    /** Dependencies first. */
    conda: z.array(LockedConda).min(1).max(LOCK_LIMITS.conda),
    /** By name. */
    pip: z.array(LockedPip).max(LOCK_LIMITS.pip),
  })
  .superRefine((lock, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message, input: lock })
    const seen = new Set<string>()
    lock.conda.forEach((one, i) => {
      if (seen.has(one.name)) refuse(['conda', i, 'name'], `${one.name} is in the lock already`)
      seen.add(one.name)
      if (one.subdir !== lock.platform && one.subdir !== 'noarch')
        refuse(['conda', i, 'subdir'], `${one.subdir} is not ${lock.platform}`)
      if (!ownUrl(one)) refuse(['conda', i, 'url'], `is not where ${one.name} ${one.version} ${one.build} lies`)
    })
    const rising = (path: string, keys: readonly string[]): void => {
      const at = keys.findIndex((key, i) => i > 0 && key <= (keys[i - 1] ?? ''))
      if (at !== -1) refuse([path, at], 'is out of order, or stands twice')
    }
    rising(
      'virtualPackages',
      lock.virtualPackages.map(one => `${one.name} ${one.requires}`),
    )
    rising(
      'pip',
      lock.pip.map(one => one.name),
    )
    for (const one of lock.pip) rising('pip', one.sha256)
  })
  .meta({ id: 'EnvironmentLock' })
export type EnvironmentLock = z.infer<typeof EnvironmentLock>

/** An archive's address ends in SUBDIR/NAME-VERSION-BUILD.conda or .tar.bz2. */
function ownUrl({ url, subdir, name, version, build }: LockedConda): boolean {
  const [folder, file] = url.replace(/%21/g, '!').replace(/%2b/gi, '+').split('/').slice(-2)
  return (
    folder === subdir &&
    (file === `${name}-${version}-${build}.conda` || file === `${name}-${version}-${build}.tar.bz2`)
  )
}
