// What an installer's last lines mean. Pure. They are told to people as they are; read are only the words that decide whether a try
// again can help, and what it was that failed. The words are those of conda's exceptions.py, libmamba's and rattler's messages, of
// libcurl and of the kernel.
import type { BuildFault, Installer } from '@trotline/contracts'
import type { BuildFailure } from './build-failure.ts'
import { buildFailure } from './build-failure.ts'

interface Sign {
  code: BuildFault
  transient: boolean
  /** Behind `micromamba 2.0.5`. */
  words: string
  pattern: RegExp
}

/** In this order: a full disk shows as a failed download as well, and a changed archive as one that could not be had. */
const SIGNS: readonly Sign[] = [
  {
    code: 'storage',
    transient: true,
    words: 'found no room: the file system is full, or a quota is used up.',
    pattern:
      /No space left on device|Disk quota exceeded|NoSpaceLeftError|\bENOSPC\b|\bEDQUOT\b|os error (?:28|122)\b|Errno (?:28|122)\b/i,
  },
  {
    code: 'storage',
    transient: false,
    words: 'was not permitted to write.',
    pattern:
      /Read-only file system|NoWritablePkgsDirError|NoWritableEnvsDirError|NotWritableError|EnvironmentNotWritableError|Permission denied|\bEACCES\b|\bEROFS\b/i,
  },
  {
    code: 'archive-changed',
    transient: false,
    words: 'was given an archive with another hash than the lock has.',
    pattern:
      /ChecksumMismatchError|MD5MismatchError|(?:MD5|SHA256) (?:sum )?(?:doesn't match|does not match|mismatch|not matching)|(?:md5|sha256) mismatch|hash mismatch|sum validation error|mismatch between the expected content and downloaded content/i,
  },
  {
    code: 'archive-unavailable',
    transient: false,
    words: 'could not have an archive: it is no longer there, or is refused to us.',
    pattern:
      /(?:HTTP(?: status)?(?: code)?|HTTP client error|status(?: code)?|error(?: code)?|returned error)[^\n]{0,24}\b(?:401|403|404|410)\b|\b(?:401 Unauthorized|403 Forbidden|404 Not Found|410 Gone)\b|\(4(?:01|03|04|10) |OfflineError|not in the package cache/i,
  },
  {
    code: 'archive-unavailable',
    transient: true,
    words: 'could not fetch an archive: the network, or the other side, failed.',
    pattern:
      /CondaHTTPError|CondaSSLError|ConnectionFailed|ProxyError|HTTP 000|(?:HTTP|status)[^\n]{0,24}\b(?:429|5\d\d)\b|\b50[0234] [A-Z]|Could ?n[o']t (?:resolve|connect)|Connection (?:refused|reset|timed out|aborted)|timed out|Timeout was reached|Download error|error sending request|Failed to download|transfer closed|ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|\bterminated\b|file size doesn't match|SSL (?:peer )?certificate/i,
  },
]

export interface InstallerEnd {
  code: number | null
  signal: string | null
  /** The last lines it wrote, oldest first. */
  tail: readonly string[]
}

export function installerFailure(
  { tool, version }: Pick<Installer, 'tool' | 'version'>,
  end: InstallerEnd,
): BuildFailure {
  const who = `${tool} ${version ?? ''}`.trim()
  for (const { code, transient, words, pattern } of SIGNS) {
    const line = end.tail.findLast(one => pattern.test(one))
    if (line === undefined) continue
    const address = addressNear(end.tail, line)
    return buildFailure(code, `${who} ${words}${address === undefined ? '' : ` It was ${address}.`}`, {
      evidence: [...new Set([line, ...end.tail.slice(-12)])],
      transient,
    })
  }
  if (end.signal !== null)
    return buildFailure(
      'installer-failed',
      `${who} was ended by ${end.signal}: by somebody, or because the machine ran out of memory.`,
      {
        evidence: end.tail.slice(-12),
        transient: true,
      },
    )
  return buildFailure('installer-failed', `${who} ended with exit code ${end.code ?? 'unknown'}.`, {
    evidence: end.tail.slice(-12),
  })
}

/** In the line itself, or in one of the two around it: libmamba tells the status below the address. */
function addressNear(tail: readonly string[], line: string): string | undefined {
  const at = tail.lastIndexOf(line)
  for (const near of [at, at - 1, at + 1]) {
    const found = /https?:\/\/[^\s<>"'()[\]]+/.exec(tail[near] ?? '')?.[0]
    if (found !== undefined) return found.replace(/[.,:;]+$/, '')
  }
  return undefined
}
