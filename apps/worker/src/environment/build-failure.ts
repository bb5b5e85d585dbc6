// Why a build ends without an environment: thrown wherever it is found out, written into state.json as it is.
import type { BuildFault, BuildTrouble } from '@trotline/contracts'
import { isFileSystemError } from '../durable-file.ts'

export class BuildFailure extends Error {
  readonly trouble: BuildTrouble
  constructor(trouble: BuildTrouble, options?: ErrorOptions) {
    super(trouble.detail, options)
    this.name = 'BuildFailure'
    this.trouble = trouble
  }
}

/** @param detail a sentence for people */
export function buildFailure(
  code: BuildFault,
  detail: string,
  {
    evidence = [],
    transient = false,
    cause,
  }: { evidence?: readonly string[]; transient?: boolean; cause?: unknown } = {},
): BuildFailure {
  const trouble: BuildTrouble = {
    code,
    detail: detail.slice(0, 2000),
    evidence: evidence.slice(-32).map(line => line.slice(0, 1000)),
    transient,
  }
  return new BuildFailure(trouble, { cause })
}

/**
 * Those that pass by themselves, or when somebody makes room. EBUSY and ENOTEMPTY: over NFS a file that is removed while a job has it open
 * stays in its folder, as .nfs…, until it is closed.
 */
const PASSING = 'ENOSPC EDQUOT EIO ESTALE ETIMEDOUT EAGAIN EMFILE ENFILE EBUSY ENOTEMPTY'.split(' ')

const IN_WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'The file system is full',
  EDQUOT: 'The quota is used up',
  EACCES: 'The file system does not permit it',
  EPERM: 'The file system does not permit it',
  EROFS: 'The file system is read-only',
  EBUSY: 'Somebody has a file open that is to be removed',
  ENOTEMPTY: 'Somebody has a file open that is to be removed',
}

/** Anything that was thrown as what state.json says: what is neither a failure nor the file system's is a bug of the maker. */
export function troubleOf(error: unknown): BuildTrouble {
  if (error instanceof BuildFailure) return error.trouble
  const message = error instanceof Error ? error.message : String(error)
  if (isFileSystemError(error)) {
    const code = error.code ?? ''
    const words = IN_WORDS[code] ?? 'The file system failed'
    return buildFailure('storage', `${words}: ${message}.`, { transient: PASSING.includes(code) }).trouble
  }
  return buildFailure('died', `The maker itself went wrong: ${message}.`, {
    evidence: error instanceof Error ? (error.stack ?? '').split('\n').slice(0, 12) : [],
  }).trouble
}
