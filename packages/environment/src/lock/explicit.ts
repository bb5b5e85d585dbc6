// conda's @EXPLICIT: one address a line, each with its md5, which every conda, mamba and micromamba installs without solving.
// sha256 in that place is read only by conda from 24.9 and by some releases of mamba, so that it is never written there.
import { CONDA_PLATFORMS, type CondaPlatform, LOCK_LIMITS } from '@trotline/contracts'
import { type Place, type PlacedFinding, placed, type Reading, refused, refusedFor, shown } from '../reading.ts'
import { unreadable } from '../yaml-text.ts'
import { parseArchiveUrl } from './archive-url.ts'
import { carriedLines, readCarried } from './carried.ts'
import { type ArchiveRecord, makeLock, type PinnedLock } from './make-lock.ts'
import { sameAsWritten } from './same-as-written.ts'

const WHAT = 'The @EXPLICIT file'

export function writeExplicit({ id, lock }: PinnedLock): string {
  return [
    '# This file may be used to create an environment using:\n',
    '# $ conda create --name <env> --file <this file>\n',
    carriedLines(id, lock, true),
    `# platform: ${lock.platform}\n`,
    '@EXPLICIT\n',
    ...lock.conda.map(one => `${one.url}#${one.md5}\n`),
  ].join('')
}

export interface ExplicitOptions {
  /** Where the file does not say: noarch packages alone belong to any. */
  platform?: CondaPlatform | undefined
  /** Of the channels, by address without credentials: completes what a line lacks. */
  records?: ReadonlyMap<string, ArchiveRecord> | undefined
}

export function readExplicit(text: string, { platform, records }: ExplicitOptions = {}): Reading<PinnedLock> {
  const wrong = unreadable(text, WHAT, LOCK_LIMITS)
  if (wrong !== null) return refused([wrong])
  const carried = readCarried(text)
  const findings: PlacedFinding[] = []
  const found: ArchiveRecord[] = []
  let saidPlatform: string | undefined
  let marked = false
  text.split('\n').forEach((written, i) => {
    const line = written.trim()
    saidPlatform ??= /^# platform:\s*(\S+)$/.exec(line)?.[1]
    if (line === '' || line.startsWith('#')) return
    const place: Place = { line: i + 1, column: written.indexOf(line) + 1 }
    if (line === '@EXPLICIT') {
      marked = true
      return
    }
    if (!marked)
      findings.push(placed({ detail: `${shown(line)} stands before @EXPLICIT.`, found: line.slice(0, 200) }, '', place))
    else {
      const record = recordOf(line, place, carried.archives, records)
      if ('url' in record) found.push(record)
      else findings.push(record)
    }
  })
  if (!marked) return refusedFor({ detail: `${WHAT} has no line @EXPLICIT.`, required: '@EXPLICIT and then addresses' })
  if (found.length === 0 && findings.length === 0) return refusedFor({ detail: `${WHAT} names no package.` })
  if (findings.length > 0) return refused(findings)
  const chosen = platformOf(found, saidPlatform, platform)
  if (typeof chosen !== 'string') return chosen
  const made = makeLock({
    platform: chosen,
    records: found,
    virtualPackages: carried.virtualPackages,
    pip: carried.pip,
  })
  return sameAsWritten(made, carried.id)
}

function recordOf(
  line: string,
  place: Place,
  carried: ReadonlyMap<string, { sha256: string; size: number | null }>,
  records: ExplicitOptions['records'],
): ArchiveRecord | PlacedFinding {
  const [url = '', ...rest] = line.split('#')
  const hash = rest.join('#').trim()
  const sha256 = /^(?:sha256[:=])?([0-9a-f]{64})$/i.exec(hash)?.[1]?.toLowerCase()
  const md5 = /^(?:md5[:=])?([0-9a-f]{32})$/i.exec(hash)?.[1]?.toLowerCase()
  if (hash !== '' && sha256 === undefined && md5 === undefined)
    return placed(
      { detail: `${shown(hash)} behind # is neither an md5 nor a sha256.`, required: '32 or 64 hexadecimal digits' },
      '',
      place,
    )
  const address = parseArchiveUrl(url.trim())
  const known = typeof address === 'string' ? undefined : records?.get(address.url)
  if (typeof address !== 'string' && known !== undefined) {
    for (const [kind, ofLine, ofRecord] of [
      ['md5', md5, known.md5?.toLowerCase()],
      ['sha256', sha256, known.sha256?.toLowerCase()],
    ] as const) {
      if (ofLine === undefined || ofRecord === undefined || ofLine === ofRecord) continue
      return placed(
        {
          detail: `The ${kind} of ${address.name} ${address.version} is ${ofLine} here and ${ofRecord} in its channel.`,
          required: ofRecord,
          found: ofLine,
          hint: 'One of the two is another archive: find out which before anything is installed.',
        },
        '',
        place,
      )
    }
  }
  const beside = md5 === undefined ? undefined : carried.get(md5)
  return {
    url: url.trim(),
    place,
    md5: md5 ?? known?.md5,
    sha256: sha256 ?? beside?.sha256 ?? known?.sha256,
    size: known?.size ?? beside?.size,
    depends: known?.depends,
    constrains: known?.constrains,
  }
}

function platformOf(
  records: readonly ArchiveRecord[],
  said: string | undefined,
  wanted: CondaPlatform | undefined,
): CondaPlatform | Reading<never> {
  const folders = records.map(record => /\/([^/]+)\/[^/]+$/.exec(record.url)?.[1] ?? '')
  const found = said ?? folders.find(folder => folder !== 'noarch' && folder !== '') ?? wanted ?? 'linux-64'
  const known = CONDA_PLATFORMS.find(one => one === found)
  if (known === undefined || (wanted !== undefined && wanted !== known))
    return refusedFor({
      detail: `${WHAT} is for ${shown(found)}, not for ${wanted ?? 'Linux'}.`,
      required: wanted ?? CONDA_PLATFORMS.join(', '),
      found: found.slice(0, 80),
    })
  return known
}
