// From the bytes of a bundle's archive to the document in it. Everything else in there is for people.
import { gunzipSync } from 'node:zlib'
import { BUNDLE_BYTES, BUNDLE_FILES, Bundle } from '@trotline/contracts'
import { CliError } from '../errors.ts'
import { readTar } from './read-tar.ts'

/** @throws CliError USAGE */
export function readBundle(bytes: Uint8Array, name: string): Bundle {
  const refuse = (why: string, fix = 'trotline bundle JOB writes one.'): CliError =>
    new CliError('USAGE', `${name} is no bundle of Trotline: ${why}.`, { fix: [fix] })
  const files = readTar(unpacked(bytes, refuse), name)
  const documents = [...files].filter(([path]) => /^(?:[^/]+\/)?bundle\.json$/.test(path))
  const [found] = documents
  if (found === undefined || documents.length > 1) throw refuse(`it has ${found ? 'two' : 'no'} ${BUNDLE_FILES.bundle}`)
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(found[1]).toString('utf8'))
  } catch {
    throw refuse(`its ${BUNDLE_FILES.bundle} is not JSON`)
  }
  const bundle = Bundle.safeParse(value)
  if (bundle.success) return bundle.data
  const [issue] = bundle.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  throw refuse(
    `its ${BUNDLE_FILES.bundle} does not fit${where} (${issue?.message ?? 'unreadable'})`,
    'A newer Trotline may have written it: use the command line that came with that.',
  )
}

function unpacked(bytes: Uint8Array, refuse: (why: string) => CliError): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: BUNDLE_BYTES })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : ''
    if (code === 'ERR_BUFFER_TOO_LARGE') throw refuse(`unpacked it has more than ${BUNDLE_BYTES} bytes`)
    throw refuse('it is not a tar archive packed by gzip, or it is cut short')
  }
}
