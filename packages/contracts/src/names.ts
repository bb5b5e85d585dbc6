// The closed alphabets of everything that reaches a cluster, a Redis key or a path.
// Control characters, quotes, separators and line ends are refused here, never escaped later.
import { z } from 'zod'

/** Crockford's base 32 in lower case, starting with a letter, so that an id is never a number, a flag or a path. */
export const JobId = z.string().regex(/^[a-z][0-9a-hjkmnp-tv-z]{11}$/, 'is not a job id (12 characters, a-z and 0-9)')
export type JobId = z.infer<typeof JobId>

const named = (what: string, maxLength: number) =>
  z
    .string()
    .regex(
      new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${maxLength - 1}}$`),
      `is not ${what}: letters, digits, ".", "_" and "-", starting with a letter or digit, at most ${maxLength}`,
    )

export const JobName = named('a job name', 64)
export const ClusterName = named('a cluster name', 32)
export const OwnerId = named('an owner id', 64)
export const IdentityName = named('an identity name', 32)
/** Partition, account, qos, reservation, GPU type: Slurm's own names. */
export const SlurmName = named('a Slurm name', 64)
export const UnixUser = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is not a Unix user name')
export const LabelKey = named('a label key', 32)
export const LabelValue = named('a label value', 64)

/** Slurm's feature expressions: names joined by & | , with brackets and counts. man sbatch, --constraint. */
export const Constraint = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9_.&|,*()[\]-]+$/, 'is not a feature expression (letters, digits, and & | , * ( ) [ ])')
/** `name[:count]` joined by commas. man sbatch, --licenses. */
export const Licenses = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9_.@-]+(:\d+)?(,[A-Za-z0-9_.@-]+(:\d+)?)*$/, 'is not a licence list (name:count, comma separated)')

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is not a sha256 in lower-case hexadecimal')
export const Timestamp = z.iso.datetime({ message: 'is not an RFC 3339 time in UTC' })
