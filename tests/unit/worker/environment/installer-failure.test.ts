import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BuildFault } from '@trotline/contracts'
import { installerFailure } from '../../../../apps/worker/src/environment/installer-failure.ts'

const told = (lines: readonly string[], code: number | null = 1, signal: string | null = null) =>
  installerFailure({ tool: 'micromamba', version: '2.0.5' }, { code, signal, tail: lines }).trouble

const URL = 'https://channel.example.org/main/linux-64/zlib-1.2.13-h5eee18b_0.conda'

/** As the tools write them: conda's exceptions.py, libmamba, rattler, the kernel. */
const CASES: readonly (readonly [string, BuildFault, boolean, readonly string[]])[] = [
  [
    'conda: 404',
    'archive-unavailable',
    false,
    [`CondaHTTPError: HTTP 404 NOT FOUND for url <${URL}>`, 'Elapsed: 00:00.123'],
  ],
  ['conda: no network', 'archive-unavailable', true, [`CondaHTTPError: HTTP 000 CONNECTION FAILED for url <${URL}>`]],
  ['conda: 503', 'archive-unavailable', true, [`CondaHTTPError: HTTP 503 SERVICE UNAVAILABLE for url <${URL}>`]],
  [
    'conda: another hash',
    'archive-changed',
    false,
    [
      'ChecksumMismatchError: Conda detected a mismatch between the expected content and downloaded content',
      `for url '${URL}'.`,
    ],
  ],
  ['conda: full', 'storage', true, ['NoSpaceLeftError: No space left on devices.']],
  ['conda: its cache', 'storage', false, ['NoWritablePkgsDirError: No writeable pkgs directories configured.']],
  ['conda: offline', 'archive-unavailable', false, [`OfflineError: Unable to connect to ${URL}. Offline`]],
  [
    'micromamba 1: 404',
    'archive-unavailable',
    false,
    [`error    libmamba Failed to download package from ${URL} (status 404)`],
  ],
  [
    'micromamba 2: 404',
    'archive-unavailable',
    false,
    [
      `error    libmamba Download error (22) HTTP response code said error [${URL}]`,
      '    The requested URL returned error: 404',
    ],
  ],
  [
    'micromamba: no name',
    'archive-unavailable',
    true,
    [`critical libmamba Download error (6) Couldn't resolve host name [${URL}]`],
  ],
  [
    'micromamba: another hash',
    'archive-changed',
    false,
    [
      'error    libmamba File not valid: MD5 sum doesn\'t match expectation "/p/zlib.conda"',
      '    Expected: 1',
      '    Actual: 2',
    ],
  ],
  [
    'micromamba: cut',
    'archive-unavailable',
    true,
    ['error    libmamba File not valid: file size doesn\'t match expectation "/p/zlib.conda"'],
  ],
  ['pixi: 404', 'archive-unavailable', false, [`  ╰─▶ HTTP status client error (404 Not Found) for url (${URL})`]],
  ['pixi: no network', 'archive-unavailable', true, [`  ├─▶ error sending request for url (${URL})`]],
  ['pixi: full', 'storage', true, ['  ╰─▶ No space left on device (os error 28)']],
  ['the kernel: quota', 'storage', true, ["OSError: [Errno 122] Disk quota exceeded: '/cluster/x'"]],
  ['anything else', 'installer-failed', false, ['Traceback (most recent call last):', 'TypeError: expected str']],
]

describe('installer-failure', () => {
  for (const [title, code, transient, lines] of CASES)
    test(`${title} is ${code}${transient ? ', and tried again' : ''}`, () => {
      const trouble = told(lines)
      assert.equal(trouble.code, code)
      assert.equal(trouble.transient, transient)
      assert.ok(lines.every(line => trouble.evidence.includes(line)))
      assert.match(trouble.detail, /^micromamba 2\.0\.5 .*\.$/)
    })

  test('the address that failed is in the sentence', () => {
    assert.ok(told([`CondaHTTPError: HTTP 404 NOT FOUND for url <${URL}>`]).detail.includes(`It was ${URL}.`))
  })

  test('a full disk counts before the download that failed of it', () => {
    const lines = [`Download error (23) Failed writing received data to disk [${URL}]`, 'No space left on device']
    assert.equal(told(lines).code, 'storage')
  })

  test('one that was killed may do better the next time', () => {
    const trouble = told([], null, 'SIGKILL')
    assert.equal(trouble.code, 'installer-failed')
    assert.ok(trouble.transient)
    assert.match(trouble.detail, /SIGKILL/)
  })

  test('evidence is bounded whatever was written', () => {
    const trouble = told(Array.from({ length: 40 }, (_, i) => `${i} ${'x'.repeat(9000)}`))
    assert.ok(trouble.evidence.length <= 32)
    assert.ok(trouble.evidence.every(line => line.length <= 1000))
  })
})
