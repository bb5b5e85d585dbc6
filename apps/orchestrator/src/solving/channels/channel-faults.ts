// What goes wrong between this server and a channel, or its own disk, in words. Nothing of an answer's body and no query of an address gets into
// them: either may hold a secret.
import { SolveError } from '../solve-error.ts'

/** No connection, or none that lasts. */
const NETWORK: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection ended before the answer did',
  ENOTFOUND: 'its host has no address',
  EAI_AGAIN: 'the name service does not answer',
  ETIMEDOUT: 'no connection came about',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its network',
  EPIPE: 'the connection ended before the answer did',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection ended before the answer did',
  HPE_INVALID_CONSTANT: 'what answers there does not speak HTTP',
}

/** `who`: `The channel main (https://…)`. */
export const channelAway = (who: string, why: string, cause?: unknown): SolveError =>
  new SolveError('CHANNEL_AWAY', `${who} cannot be reached now: ${why}. Try again later.`, { cause })

export const channelGarbage = (who: string, what: string, details: Record<string, unknown> = {}): SolveError =>
  new SolveError('CHANNEL_GARBAGE', `${who} does not hold what conda channels do: ${what}.`, { details })

/** A SolveError stays what it is. */
export function networkFault(who: string, error: unknown): SolveError {
  if (error instanceof SolveError) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)
  const why =
    NETWORK[code] ??
    (isCertificate ? `its certificate is not trusted here (${code})` : code === '' ? message : `${message} (${code})`)
  return channelAway(who, why, error)
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** null: it is no error of this machine's file system. */
export function storageFault(error: unknown, directory: string): SolveError | null {
  if (error instanceof SolveError) return error
  const { code = '', syscall } = error as NodeJS.ErrnoException
  if (FULL.has(code))
    return new SolveError(
      'STORAGE_FULL',
      'This server has no room left for repodata and archives (a full disk or quota). Its operator has to free some, or lower keptMiB.',
      { details: { directory, code }, cause: error },
    )
  if (syscall === undefined || !['EACCES', 'EPERM', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'ENOTDIR'].includes(code))
    return null
  return new SolveError(
    'STORAGE_FULL',
    `This server cannot write where it keeps repodata and archives (${code}). Its operator has to look at environments.directory.`,
    { details: { directory, code }, cause: error },
  )
}

/** What an answer other than 2xx and 304 means. `what`: `linux-64/repodata.json`. */
export function statusFault(who: string, what: string, status: number): SolveError {
  if (status === 401 || status === 403 || status === 407)
    return new SolveError(
      'CHANNEL_DENIED',
      `${who} does not let this server have ${what} (status ${status}). Its operator has to look at the channel’s credentialsFile.`,
      { details: { status } },
    )
  if (status === 404 || status === 410)
    return new SolveError('CHANNEL_NOT_FOUND', `${who} has no ${what} (status ${status}).`, { details: { status } })
  if (status === 408 || status === 429 || status >= 500) return channelAway(who, `it answers with status ${status}`)
  return channelGarbage(who, `it answers ${what} with status ${status}`, { status })
}
