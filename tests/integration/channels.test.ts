// The channels over real sockets and a real disk: what comes, what is kept, and what becomes of a channel that misbehaves.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { type LockedConda, RepodataSnapshot, type SolveProgress } from '@trotline/contracts'
import { EnvironmentsSettings } from '../../apps/orchestrator/src/environment-settings.ts'
import {
  type Channels,
  type ChannelsDeps,
  createChannels,
} from '../../apps/orchestrator/src/solving/channels/channels.ts'
import { faultOf, workOn } from '../../apps/orchestrator/src/solving/channels/document-work.ts'
import type { ReadDocument } from '../../apps/orchestrator/src/solving/channels/open-document-thread.ts'
import type { RepodataFile } from '../../apps/orchestrator/src/solving/channels/repodata-file.ts'
import { openIndex } from '../../apps/orchestrator/src/solving/channels/repodata-index.ts'
import { SolveError, type SolveErrorCode } from '../../apps/orchestrator/src/solving/solve-error.ts'
import { type ChannelServer, serveChannels } from '../support/channel-server.ts'
import { type BuiltChannel, buildChannel, type CondaPackage, writeRepodata } from '../support/conda-channel.ts'

const PACKAGES: CondaPackage[] = [
  { name: 'zlib', version: '1.2.11', build: 'h7b6447c_3', depends: ['libgcc-ng >=7.3.0'], ending: '.tar.bz2' },
  { name: 'zlib', version: '1.2.13', build: 'h5eee18b_0', depends: ['libgcc-ng >=11.2.0', '__glibc >=2.17'] },
  { name: 'libgcc-ng', version: '11.2.0', build: 'h1234567_1', depends: [] },
  { name: 'six', version: '1.16.0', build: 'pyh_0', depends: ['python'], subdir: 'noarch', noarch: 'python' },
]
const LOG = { info: () => undefined, warn: () => undefined }

/** The same work without a thread, which takes most of a second to start from sources: for stories in which the thread has no part. */
const readHere: ReadDocument = async (order, { onProgress }) =>
  await workOn({ ...order, tag: randomBytes(8).toString('hex') }, onProgress).then(
    done => ({ done }),
    error => ({ fault: faultOf(error) }),
  )

const folder = mkdtempSync(join(tmpdir(), 'trotline-channels-'))
const served = join(folder, 'served')
let built: BuiltChannel
before(async () => {
  built = await buildChannel(join(served, 'main'), PACKAGES)
})
after(() => rmSync(folder, { recursive: true, force: true }))

let server: ChannelServer
let directory: string
let nowMs: number
const open: Channels[] = []

beforeEach(async () => {
  server = await serveChannels(served)
  directory = mkdtempSync(join(folder, 'kept-'))
  nowMs = Date.now()
})
afterEach(async () => {
  for (const channels of open.splice(0)) await channels.close()
  await server.close()
  await writeRepodata(join(served, 'main'), built.entries)
})

function channelsWith(settings: object = {}, deps: Partial<ChannelsDeps> = {}): Channels {
  const parsed = EnvironmentsSettings.parse({
    directory,
    channels: [{ name: 'main', url: `${server.url}/main` }],
    ...settings,
  })
  const channels = createChannels(parsed, {
    log: LOG,
    now: () => nowMs,
    readDocument: readHere,
    ...deps,
  })
  open.push(channels)
  return channels
}

const repodata = (channels: Channels, mode: 'cached' | 'fresh' | { snapshot: string } = 'cached', names = ['main']) =>
  channels.repodata(names, 'linux-64', mode)

async function refusal(code: SolveErrorCode, act: Promise<unknown>): Promise<SolveError> {
  const error = await act.then(
    () => null,
    error => error as unknown,
  )
  assert.ok(error instanceof SolveError, `no SolveError: ${String(error)}`)
  assert.equal(error.code, code, error.message)
  return error
}

function fileNames(files: readonly RepodataFile[], name: string): string[] {
  return files.flatMap(file => {
    const index = openIndex(file)
    try {
      return index.records(name).map(record => record.fileName)
    } finally {
      index.close()
    }
  })
}

/** Everything that lies in the folder, as one text: what a secret must not be in. */
const allText = (below: string): string =>
  readdirSync(below, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')

const nothingUnderWay = (): void =>
  assert.deepEqual(
    readdirSync(directory, { recursive: true }).filter(name => String(name).endsWith('.part')),
    [],
  )

describe('repodata', () => {
  test('both documents of a channel come packed with zstd, and their records are found by name', async () => {
    const { files, snapshot, notes } = await repodata(channelsWith())
    assert.deepEqual(
      files.map(({ channel, subdir, records }) => ({ channel, subdir, records })),
      [
        { channel: `${server.url}/main`, subdir: 'linux-64', records: 3 },
        { channel: `${server.url}/main`, subdir: 'noarch', records: 1 },
      ],
    )
    assert.deepEqual(fileNames(files, 'zlib').sort(), [
      'zlib-1.2.11-h7b6447c_3.tar.bz2',
      'zlib-1.2.13-h5eee18b_0.conda',
    ])
    assert.deepEqual(fileNames(files, 'six'), ['six-1.16.0-pyh_0.conda'])
    assert.deepEqual(fileNames(files, 'nothing'), [])
    const index = openIndex(files[0] as RepodataFile)
    assert.deepEqual([...index.needs('zlib')].sort(), ['__glibc', 'libgcc-ng'])
    assert.deepEqual(
      index.records('zlib').map(({ conda, text }) => [conda, JSON.parse(text).version]),
      [
        [false, '1.2.11'],
        [true, '1.2.13'],
      ],
    )
    assert.equal(index.has('libgcc-ng'), true)
    assert.equal(index.has('__glibc'), false)
    index.close()
    assert.deepEqual(notes, [])
    assert.equal(server.count('repodata.json.zst'), 2)
    assert.equal(server.count('repodata.json'), 0)
    assert.deepEqual(RepodataSnapshot.parse(snapshot), snapshot)
    const plain = readFileSync(join(served, 'main/linux-64/repodata.json'))
    assert.equal(files[0]?.sha256, createHash('sha256').update(plain).digest('hex'))
    nothingUnderWay()
  })

  test('a channel without zstd gives its plain document, also packed with gzip', async () => {
    await writeRepodata(join(served, 'main'), built.entries, { zst: false })
    const plain = await repodata(channelsWith())
    server.behave(/repodata\.json$/, { kind: 'gzip' })
    directory = mkdtempSync(join(folder, 'kept-'))
    const gzipped = await repodata(channelsWith())
    assert.equal(gzipped.snapshot.id, plain.snapshot.id)
  })

  test('a channel is not asked again while what is kept is fresh, and then only whether it has changed', async () => {
    const channels = channelsWith({ repodata: { freshMinutes: 30 } })
    const first = await repodata(channels)
    server.forget()
    nowMs += 29 * 60_000
    await repodata(channels)
    assert.equal(server.requests.length, 0)
    nowMs += 2 * 60_000
    const seen: SolveProgress[] = []
    const again = await channels.repodata(['main'], 'linux-64', 'cached', { onProgress: one => seen.push(one) })
    assert.deepEqual(
      server.requests.map(({ status }) => status),
      [304, 304],
    )
    assert.equal(seen.filter(one => one.step === 'repodata' && one.how === 'unchanged').length, 2)
    assert.equal(again.snapshot.id, first.snapshot.id)
    server.forget()
    await repodata(channels, 'fresh')
    assert.equal(server.requests.length, 2)
  })

  test('a server that knows no ETag is asked by the time of its last change', async () => {
    await server.close()
    server = await serveChannels(served, { validators: 'last-modified' })
    const channels = channelsWith()
    await repodata(channels)
    server.forget()
    await repodata(channels, 'fresh')
    assert.deepEqual(
      server.requests.map(({ status }) => status),
      [304, 304],
    )
  })

  test('what a channel adds is there with the next fresh solve, and a snapshot still gives what was there before, without the channel', async () => {
    const channels = channelsWith()
    const before = await repodata(channels)
    const more = new Map(built.entries)
    const [at, entry] = [...more][0] as [
      string,
      (typeof built)['entries'] extends ReadonlyMap<string, infer E> ? E : never,
    ]
    more.set(at.replace('1.2.11', '1.9.9'), { ...entry, version: '1.9.9' })
    await writeRepodata(join(served, 'main'), more)
    const later = await repodata(channels, 'fresh')
    assert.notEqual(later.snapshot.id, before.snapshot.id)
    assert.ok(fileNames(later.files, 'zlib').includes('zlib-1.9.9-h7b6447c_3.tar.bz2'))
    await server.close()
    const repeated = await repodata(channelsWith(), { snapshot: before.snapshot.id })
    assert.deepEqual(repeated.snapshot, before.snapshot)
    assert.deepEqual(repeated.files, before.files)
    assert.equal(fileNames(repeated.files, 'zlib').length, 2)
  })

  test('channels come in the order they are asked for in, each once, however it is called', async () => {
    await buildChannel(join(served, 'other'), [PACKAGES[0] as CondaPackage], { archives: false })
    const channels = channelsWith({
      channels: [
        { name: 'main', url: `${server.url}/main` },
        { name: 'other', url: `${server.url}/other/` },
      ],
    })
    const { files } = await repodata(channels, 'cached', [
      'other',
      'main',
      `${server.url}/other`,
      `${server.url}/main/`,
    ])
    assert.deepEqual(
      files.map(({ channel }) => channel.split('/').at(-1)),
      ['other', 'other', 'main', 'main'],
    )
    assert.equal(channels.urlOf('other'), `${server.url}/other`)
  })

  test('sixteen channels, which is as many as a spec may name, are asked without a warning of leaks', async () => {
    const channels = Array.from({ length: 16 }, (_, i) => ({ name: `c${i}`, url: `${server.url}/c${i}/main` }))
    for (const { name } of channels) await writeRepodata(join(served, name, 'main'), built.entries, { zst: false })
    const warnings: string[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning.name)
    process.on('warning', onWarning)
    const names = channels.map(({ name }) => name)
    const { files, snapshot } = await repodata(channelsWith({ channels }), 'cached', names)
    process.off('warning', onWarning)
    assert.equal(files.length, 32)
    assert.deepEqual(RepodataSnapshot.parse(snapshot), snapshot)
    assert.deepEqual(warnings, [])
  })

  test('ten who want the same at the same time cost one download', async () => {
    const channels = channelsWith()
    const answers = await Promise.all(Array.from({ length: 10 }, () => repodata(channels)))
    assert.equal(new Set(answers.map(({ snapshot }) => snapshot.id)).size, 1)
    assert.equal(server.requests.length, 2)
  })

  test('one who leaves does not take the download away from the others; when all have left it ends', async () => {
    server.behave(/linux-64\/repodata\.json\.zst$/, { kind: 'slow', bytesPerSecond: 400 })
    const channels = channelsWith()
    const leaving = new AbortController()
    const left = channels.repodata(['main'], 'linux-64', 'cached', { signal: leaving.signal })
    const staying = repodata(channels)
    setTimeout(() => leaving.abort(), 300)
    await refusal('SOLVE_CANCELLED', left)
    assert.equal((await staying).files.length, 2)
    server.behave(/linux-64\/repodata\.json\.zst$/, { kind: 'hang', afterBytes: 10 })
    const alone = new AbortController()
    const last = channels.repodata(['main'], 'linux-64', 'fresh', { signal: alone.signal })
    setTimeout(() => alone.abort(), 300)
    writeFileSync(
      join(served, 'main/linux-64/repodata.json.zst'),
      readFileSync(join(served, 'main/linux-64/repodata.json.zst')),
    )
    await refusal('SOLVE_CANCELLED', last)
    nothingUnderWay()
  })

  test('a channel that has nothing for the platform gives its noarch packages, and a note', async () => {
    rmSync(join(served, 'main/linux-64/repodata.json'))
    rmSync(join(served, 'main/linux-64/repodata.json.zst'))
    const { files, notes } = await repodata(channelsWith())
    assert.deepEqual(
      files.map(({ records }) => records),
      [0, 1],
    )
    assert.match(notes[0] ?? '', /has no packages for linux-64/)
  })

  test('records that no solver could read are left out, with a note', async () => {
    const entries = new Map<string, never>(built.entries as never)
    entries.set('linux-64/odd-1-0.conda', { name: 'odd', version: '1', build: '0' } as never)
    await writeRepodata(join(served, 'main'), entries)
    const { files, notes } = await repodata(channelsWith())
    assert.equal(files[0]?.records, 3)
    assert.match(notes[0] ?? '', /1 records of linux-64/)
  })
})

describe('a channel that misbehaves', () => {
  const cases: [what: string, misbehave: () => void, code: SolveErrorCode, says: RegExp][] = [
    ['answers 401', () => server.behave(/./, { kind: 'status', status: 401 }), 'CHANNEL_DENIED', /status 401/],
    ['answers 403', () => server.behave(/./, { kind: 'status', status: 403 }), 'CHANNEL_DENIED', /status 403/],
    [
      'answers 404',
      () => server.behave(/./, { kind: 'status', status: 404 }),
      'CHANNEL_NOT_FOUND',
      /has neither linux-64/,
    ],
    ['answers 500', () => server.behave(/./, { kind: 'status', status: 500 }), 'CHANNEL_AWAY', /status 500/],
    ['answers 429', () => server.behave(/./, { kind: 'status', status: 429 }), 'CHANNEL_AWAY', /status 429/],
    ['answers 418', () => server.behave(/./, { kind: 'status', status: 418 }), 'CHANNEL_GARBAGE', /status 418/],
    ['drops connections', () => server.behave(/./, { kind: 'drop' }), 'CHANNEL_AWAY', /connection ended/],
    ['hangs before an answer', () => server.behave(/./, { kind: 'hang' }), 'CHANNEL_AWAY', /nothing has come for 2 s/],
    [
      'hangs within the body',
      () => server.behave(/./, { kind: 'hang', afterBytes: 100 }),
      'CHANNEL_AWAY',
      /nothing has come for 2 s/,
    ],
    [
      'changes the protocol',
      () =>
        server.behave(/./, {
          kind: 'raw',
          text: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
        }),
      'CHANNEL_GARBAGE',
      /change of protocol \(status 101\)/,
    ],
    [
      'sends a page',
      () => server.behave(/./, { kind: 'body', body: '<!DOCTYPE html><p>log in' }),
      'CHANNEL_GARBAGE',
      /is no JSON object: it begins with/,
    ],
    ['sends nothing', () => server.behave(/./, { kind: 'body', body: '' }), 'CHANNEL_GARBAGE', /is empty/],
    [
      'sends other JSON',
      () => server.behave(/./, { kind: 'body', body: '{"error": "no"}' }),
      'CHANNEL_GARBAGE',
      /neither packages nor/,
    ],
    [
      'sends random bytes',
      () => server.behave(/./, { kind: 'body', body: Buffer.alloc(5000, 0xa7) }),
      'CHANNEL_GARBAGE',
      /is no JSON object/,
    ],
    [
      'cuts a body of known length',
      () => server.behave(/./, { kind: 'cut', bytes: 120, how: 'length' }),
      'CHANNEL_AWAY',
      /ended/,
    ],
    [
      'cuts a chunked body',
      () => server.behave(/./, { kind: 'cut', bytes: 120, how: 'chunked' }),
      'CHANNEL_AWAY',
      /ended/,
    ],
    [
      'ends a body early',
      () => server.behave(/./, { kind: 'cut', bytes: 120, how: 'close' }),
      'CHANNEL_GARBAGE',
      /is cut off after 120 bytes/,
    ],
    [
      'cuts a gzip',
      () => server.behave(/./, { kind: 'cut', bytes: 120, how: 'gzip' }),
      'CHANNEL_GARBAGE',
      /its gzip ends too early/,
    ],
    [
      'sends on for ever',
      () => server.behave(/./, { kind: 'redirect', to: '/round' }),
      'CHANNEL_GARBAGE',
      /more than 5 times/,
    ],
    [
      'sends on to a file',
      () => server.behave(/./, { kind: 'redirect', to: 'file:///etc/passwd' }),
      'CHANNEL_GARBAGE',
      /no http or https address/,
    ],
  ]
  for (const [what, misbehave, code, says] of cases)
    test(`that ${what} is told as ${code}, and one that has been seen before is used as it was`, async () => {
      misbehave()
      // Only of one that hangs anything is told by its silence; a loaded machine is silent for a while, too.
      const silence = what.startsWith('hangs') ? { silenceMs: 2000 } : {}
      const error = await refusal(code, repodata(channelsWith({}, silence)))
      assert.match(error.message, says)
      assert.match(error.message, /^The channel main \(http:\/\/127\.0\.0\.1:\d+\/main\) /)
      assert.equal(error.transient, code === 'CHANNEL_AWAY')
      nothingUnderWay()
      server.behaveWell()
      const first = await repodata(channelsWith())
      const channels = channelsWith({ repodata: { freshMinutes: 0 } }, silence)
      misbehave()
      await refusal(code === 'CHANNEL_NOT_FOUND' ? 'CHANNEL_NOT_FOUND' : code, repodata(channels, 'fresh'))
      if (code === 'CHANNEL_AWAY' || code === 'CHANNEL_GARBAGE') {
        const { snapshot, notes } = await repodata(channels)
        assert.equal(snapshot.id, first.snapshot.id)
        assert.match(notes[0] ?? '', /Its repodata of \d{4}-.* \((?:linux-64|noarch)\) was used\.$/)
      } else await refusal(code, repodata(channels))
      server.behaveWell()
      assert.deepEqual((await repodata(channelsWith(), 'fresh')).notes, [])
    })

  test('a damaged zstd is passed over for the plain document', async () => {
    const file = join(served, 'main/linux-64/repodata.json.zst')
    const bytes = readFileSync(file)
    for (const damaged of [
      bytes.subarray(0, bytes.length - 30),
      Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(60, 9)]),
    ]) {
      writeFileSync(file, damaged)
      directory = mkdtempSync(join(folder, 'kept-'))
      server.forget()
      const { files } = await repodata(channelsWith())
      assert.equal(files[0]?.records, 3)
      assert.equal(server.count('linux-64/repodata.json'), 1)
    }
  })

  test('a document beyond mostMiB is refused before it is here, as it comes, and as it unpacks', async () => {
    const body = Buffer.alloc(1024 * 1024 + 1, 0x20)
    const small = { repodata: { mostMiB: 1 } }
    server.behave(/./, { kind: 'body', body })
    assert.match((await refusal('CHANNEL_GARBAGE', repodata(channelsWith(small)))).message, /larger than 1 MiB/)
    server.behave(/./, { kind: 'cut', bytes: body.length, how: 'close' })
    writeFileSync(join(served, 'main/linux-64/repodata.json'), body)
    writeFileSync(join(served, 'main/linux-64/repodata.json.zst'), body)
    assert.match((await refusal('CHANNEL_GARBAGE', repodata(channelsWith(small)))).message, /larger than 1 MiB/)
    server.behave(/\.zst$/, { kind: 'status', status: 404 })
    server.behave(/repodata\.json$/, { kind: 'gzip' })
    assert.match((await refusal('CHANNEL_GARBAGE', repodata(channelsWith(small)))).message, /larger than 1 MiB/)
    nothingUnderWay()
  })

  test('a document that trickles is given up after its time limit', async () => {
    server.behave(/zst$/, { kind: 'slow', bytesPerSecond: 50 })
    const error = await refusal('CHANNEL_AWAY', repodata(channelsWith({ repodata: { timeLimitSeconds: 1 } })))
    assert.match(error.message, /was not here after 1 s/)
    nothingUnderWay()
  })

  test('nothing listens where a channel is said to be', async () => {
    // Not that of a server which has just gone: the system may have given it to somebody else by now.
    const settings = { channels: [{ name: 'main', url: 'http://127.0.0.1:9/main' }] }
    assert.match((await refusal('CHANNEL_AWAY', repodata(channelsWith(settings)))).message, /nothing listens there/)
  })

  test('a channel that was away is not waited for again within a minute where something is kept', async () => {
    await repodata(channelsWith())
    const channels = channelsWith({ repodata: { freshMinutes: 0 } }, { silenceMs: 1500 })
    server.behave(/./, { kind: 'hang' })
    await repodata(channels)
    server.forget()
    const { notes } = await repodata(channels)
    assert.equal(server.requests.length, 0)
    assert.ok(notes.length > 0)
    server.behaveWell()
    nowMs += 61_000
    assert.deepEqual((await repodata(channels)).notes, [])
    assert.equal(server.requests.length, 2)
  })

  test('archives that are elsewhere are refused in words', async () => {
    const text = readFileSync(join(served, 'main/linux-64/repodata.json'), 'utf8')
    server.behave(/\.zst$/, { kind: 'status', status: 404 })
    for (const [base, refused] of [
      ['https://elsewhere.example.org/main/linux-64/', true],
      ['.', false],
      [`${server.url}/main/linux-64`, false],
    ] as const) {
      writeFileSync(
        join(served, 'main/linux-64/repodata.json'),
        JSON.stringify({ ...JSON.parse(text), info: { subdir: 'linux-64', base_url: base } }),
      )
      const answer = repodata(channelsWith(), 'fresh')
      if (refused) assert.match((await refusal('CHANNEL_GARBAGE', answer)).message, /base_url/)
      else assert.equal((await answer).files[0]?.records, 3)
    }
  })
})

describe('which channels', () => {
  test('one that is not configured is refused, by name and by address, unless any address is accepted', async () => {
    const channels = channelsWith()
    const error = await refusal('CHANNEL_REFUSED', repodata(channels, 'cached', ['elsewhere']))
    assert.match(error.message, /They are: main\./)
    assert.throws(() => channels.urlOf(`${server.url}/other`), { code: 'CHANNEL_REFUSED' })
    assert.equal(server.requests.length, 0)
    const settings = { channels: [], otherChannels: 'accept' }
    const near = await refusal('CHANNEL_GARBAGE', repodata(channelsWith(settings), 'cached', [`${server.url}/main`]))
    assert.match(near.message, /lies nearer to this server than a channel may lead it/)
    assert.equal(server.requests.length, 0)
    const open = channelsWith(settings, { sphereOf: () => 'public' })
    assert.equal((await repodata(open, 'cached', [`${server.url}/main/`])).files[0]?.channel, `${server.url}/main`)
    assert.throws(() => open.urlOf('main'), { code: 'CHANNEL_REFUSED' })
  })

  test('a mirror is asked in the place of the channel, under whose address everything is kept', async () => {
    const url = 'https://conda.example.org/main'
    const channels = channelsWith({ channels: [{ name: 'main', url, mirror: `${server.url}/main/` }] })
    const { files } = await repodata(channels)
    assert.equal(files[0]?.channel, url)
    assert.equal(server.count('linux-64/repodata.json.zst'), 1)
    const lock = lockOf({
      ...locked('linux-64/zlib-1.2.13-h5eee18b_0.conda'),
      url: `${url}/linux-64/zlib-1.2.13-h5eee18b_0.conda`,
    })
    assert.deepEqual(channels.mirrorsFor(lock), {
      mirrors: { [`${url}/`]: `${server.url}/main/` },
      onlyHere: [],
      refused: [],
    })
    assert.ok(existsSync(await channels.archive(lock.conda[0] as LockedConda)))
  })

  test('a folder on this machine is a channel, is read again only when it has changed, and its archives only this server has', async () => {
    const url = 'https://conda.example.org/local'
    const here = join(folder, 'here')
    const { entries } = await buildChannel(here, PACKAGES, { zst: false })
    const channels = channelsWith({
      channels: [{ name: 'local', url, directory: here }],
      repodata: { freshMinutes: 0 },
    })
    const first = await repodata(channels, 'cached', ['local'])
    assert.deepEqual(fileNames(first.files, 'six'), ['six-1.16.0-pyh_0.conda'])
    const seen: SolveProgress[] = []
    await channels.repodata(['local'], 'linux-64', 'fresh', { onProgress: one => seen.push(one) })
    assert.equal(seen.filter(one => one.step === 'repodata' && one.how === 'unchanged').length, 2)
    const one: LockedConda = {
      ...locked('linux-64/zlib-1.2.13-h5eee18b_0.conda', entries),
      url: `${url}/linux-64/zlib-1.2.13-h5eee18b_0.conda`,
    }
    assert.deepEqual(channels.mirrorsFor(lockOf(one)), { mirrors: {}, onlyHere: [url], refused: [] })
    const file = await channels.archive(one)
    assert.ok(file.startsWith(directory))
    await writeRepodata(here, new Map([...entries].slice(0, 1)), { zst: true })
    rmSync(join(here, 'linux-64/repodata.json'))
    assert.equal((await repodata(channels, 'fresh', ['local'])).files[0]?.records, 1)
    rmSync(here, { recursive: true })
    const gone = await refusal('CHANNEL_NOT_FOUND', repodata(channels, 'fresh', ['local']))
    assert.ok(!gone.message.includes(here), 'a path of this machine is for the log')
  })
})

describe('a folder that changes while it is read', () => {
  test('is read again, and given up when it never stays as it is', async () => {
    const here = join(folder, 'changing')
    await buildChannel(here, PACKAGES, { zst: false })
    const document = join(here, 'linux-64/repodata.json')
    let changes = 1
    const readDocument: ReadDocument = async (order, options) => {
      const answer = await readHere(order, options)
      if (order.source === document && changes-- > 0) appendFileSync(document, '\n')
      return answer
    }
    const channels = channelsWith(
      { channels: [{ name: 'local', url: 'https://conda.example.org/local', directory: here }] },
      { readDocument },
    )
    const { files } = await repodata(channels, 'cached', ['local'])
    assert.equal(files[0]?.bytes, statSync(document).size)
    changes = Number.POSITIVE_INFINITY
    appendFileSync(document, '\n')
    const error = await refusal('CHANNEL_AWAY', repodata(channels, 'fresh', ['local']))
    assert.match(error.message, /changed each time it was read/)
  })
})

describe('credentials', () => {
  const TOKEN = 'very-secret-token-0123456789'

  test('are sent to the channel they are for, and to nobody it sends on to', async () => {
    await server.close()
    server = await serveChannels(served, { authorization: `Bearer ${TOKEN}` })
    const other = await serveChannels(served)
    try {
      const credentialsFile = join(folder, 'token')
      writeFileSync(credentialsFile, `Bearer ${TOKEN}\n`, { mode: 0o600 })
      const settings = { channels: [{ name: 'main', url: `${server.url}/main`, credentialsFile }] }
      await refusal('CHANNEL_DENIED', repodata(channelsWith()))
      server.behave(/noarch/, { kind: 'redirect', to: `${other.url}/main/noarch/repodata.json.zst` })
      const channels = channelsWith(settings)
      const { files } = await repodata(channels)
      assert.equal(files.length, 2)
      assert.equal(other.requests.length, 1)
      assert.equal(other.requests[0]?.headers.authorization, undefined)
      const file = await channels.archive(locked('linux-64/zlib-1.2.13-h5eee18b_0.conda'))
      assert.ok(existsSync(file))
      assert.deepEqual(channels.mirrorsFor(lockOf(locked('linux-64/zlib-1.2.13-h5eee18b_0.conda'))).onlyHere, [
        `${server.url}/main`,
      ])
    } finally {
      await other.close()
    }
    assert.ok(!allText(directory).includes(TOKEN))
  })

  test('of the form user:password are sent as such; what fails does not repeat them', async () => {
    await server.close()
    server = await serveChannels(served, { authorization: `Basic ${Buffer.from(`ada:${TOKEN}`).toString('base64')}` })
    const credentialsFile = join(folder, 'password')
    const settings = { channels: [{ name: 'main', url: `${server.url}/main`, credentialsFile }] }
    for (const [text, says] of [
      [null, /cannot be read/],
      [`${TOKEN}`, /have neither of the two forms/],
      [`Bearer ${TOKEN}\nmore`, /are not one line/],
      [`ada:wrong-${TOKEN}`, /status 401/],
    ] as const) {
      if (text !== null) writeFileSync(credentialsFile, text, { mode: 0o600 })
      const error = await refusal('CHANNEL_DENIED', repodata(channelsWith(settings)))
      assert.match(error.message, says)
      const { inspect } = await import('node:util')
      assert.ok(!inspect(error, { depth: 20 }).includes(TOKEN))
    }
    writeFileSync(credentialsFile, `ada:${TOKEN}`)
    assert.equal((await repodata(channelsWith(settings))).files.length, 2)
    assert.ok(!allText(directory).includes(TOKEN))
  })
})

describe('what is kept', () => {
  const keptFiles = (ending: string): string[] =>
    readdirSync(join(directory, 'repodata'))
      .filter(name => name.endsWith(ending))
      .sort()

  test('a damaged document is found by its hash and fetched anew; of a snapshot it is told', async () => {
    const first = await repodata(channelsWith())
    const file = first.files[0]?.path ?? ''
    const bytes = readFileSync(file)
    const times = statSync(file)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    writeFileSync(file, bytes)
    utimesSync(file, times.atime, times.mtime)
    const error = await refusal('SNAPSHOT_GONE', repodata(channelsWith(), { snapshot: first.snapshot.id }))
    assert.match(error.message, /missing or damaged/)
    server.forget()
    const again = await repodata(channelsWith())
    assert.equal(server.count('linux-64/repodata.json.zst'), 1)
    assert.equal(again.snapshot.id, first.snapshot.id)
    assert.equal(createHash('sha256').update(readFileSync(file)).digest('hex'), first.files[0]?.sha256)
  })

  test('a damaged or missing index is made anew without the channel', async () => {
    const first = await repodata(channelsWith())
    const file = first.files[0]?.indexPath ?? ''
    server.forget()
    for (const damage of [() => rmSync(file), () => appendFileSync(file, 'x'), () => writeFileSync(file, '')]) {
      damage()
      const { files } = await repodata(channelsWith())
      assert.equal(fileNames(files, 'zlib').length, 2)
    }
    assert.equal(server.requests.length, 0)
  })

  test('what a process that was killed left half done is taken away a day later, and not before', async () => {
    await repodata(channelsWith())
    const [old, young] = ['old', 'young'].map(name => join(directory, 'repodata', `.${name}.json.part`)) as [
      string,
      string,
    ]
    for (const file of [old, young]) writeFileSync(file, '{"packages":')
    utimesSync(old, nowMs / 1000 - 90_000, nowMs / 1000 - 90_000)
    assert.equal((await repodata(channelsWith())).files.length, 2)
    assert.deepEqual([old, young].map(existsSync), [false, true])
  })

  test('a state that cannot be read costs a download', async () => {
    await repodata(channelsWith())
    for (const name of readdirSync(join(directory, 'channels')))
      writeFileSync(join(directory, 'channels', name), '{"v": 1')
    server.forget()
    assert.equal((await repodata(channelsWith())).files.length, 2)
    assert.equal(server.requests.length, 2)
  })

  test('old documents go when they are beyond keptMiB, least recently used first, and their snapshots with them', async () => {
    const channels = channelsWith({ repodata: { keptMiB: 1, freshMinutes: 0 } }, { inUseMs: 60_000 })
    const big = async (version: string): Promise<RepodataSnapshot> => {
      const [at, entry] = [...built.entries][0] as [string, never]
      const license = createHash('sha256').update(version).digest('hex').repeat(5000)
      await writeRepodata(join(served, 'main'), new Map([[at, { ...(entry as object), license } as never]]))
      nowMs += 120_000
      return (await repodata(channels)).snapshot
    }
    const [a, b, c] = [await big('a'), await big('b'), await big('c')]
    // 320 kB each; three and the newest: all fit.
    nowMs += 120_000
    await repodata(channels, { snapshot: a.id })
    const [d, e, f] = [await big('d'), await big('e'), await big('f')]
    for (const snapshot of [a, e, f, d])
      assert.equal((await repodata(channels, { snapshot: snapshot.id })).files.length, 2)
    for (const snapshot of [b, c]) await refusal('SNAPSHOT_GONE', repodata(channels, { snapshot: snapshot.id }))
    assert.equal(keptFiles('.json').length, keptFiles('.index').length)
  })

  test('an unknown snapshot is told, as is one of other channels', async () => {
    const { snapshot } = await repodata(channelsWith())
    await refusal('SNAPSHOT_GONE', repodata(channelsWith(), { snapshot: 'a'.repeat(64) }))
    const channels = channelsWith({
      channels: [
        { name: 'main', url: `${server.url}/main` },
        { name: 'x', url: `${server.url}/x` },
      ],
    })
    const error = await refusal('SNAPSHOT_GONE', repodata(channels, { snapshot: snapshot.id }, ['main', 'x']))
    assert.match(error.message, /has nothing of/)
  })

  test('a full disk is told in words, and nothing half is left on it', async t => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { encoding: 'utf8' })
    if (mounted.status !== 0) return t.skip(`no small file system can be mounted here: ${mounted.stderr.trim()}`)
    try {
      directory = disk
      const [at, entry] = [...built.entries][0] as [string, object]
      const license = randomBytes(1024 * 1024).toString('hex')
      await writeRepodata(join(served, 'main'), new Map([[at, { ...entry, license } as never]]))
      for (const zst of [true, false]) {
        if (!zst) server.behave(/zst$/, { kind: 'status', status: 404 })
        const error = await refusal('STORAGE_FULL', repodata(channelsWith()))
        assert.match(error.message, /no room left/)
        nothingUnderWay()
      }
      await writeRepodata(join(served, 'main'), built.entries)
      assert.equal((await repodata(channelsWith())).files.length, 2)
    } finally {
      spawnSync('umount', [disk])
    }
  })

  test('a folder that cannot be written is told in words', async () => {
    writeFileSync(join(directory, 'file'), '')
    directory = join(directory, 'file', 'below')
    const error = await refusal('STORAGE_FULL', repodata(channelsWith()))
    assert.match(error.message, /cannot write where it keeps repodata/)
  })
})

describe('archives', () => {
  test('are downloaded once, proved, and kept under their hash', async () => {
    const channels = channelsWith()
    const one = locked('linux-64/zlib-1.2.13-h5eee18b_0.conda')
    const told: number[] = []
    const files = await Promise.all([
      channels.archive(one, { onBytes: bytes => told.push(bytes) }),
      channels.archive(one),
      channels.archive(one),
    ])
    assert.equal(files[0], join(directory, 'archives', one.sha256, 'zlib-1.2.13-h5eee18b_0.conda'))
    assert.equal(
      createHash('sha256')
        .update(readFileSync(files[0] ?? ''))
        .digest('hex'),
      one.sha256,
    )
    await channels.archive(one)
    await channelsWith().archive(one)
    assert.equal(server.count('.conda'), 1)
    assert.equal(told.at(-1), one.size)
    nothingUnderWay()
  })

  test('a kept one that was damaged is fetched anew', async () => {
    const one = locked('linux-64/zlib-1.2.11-h7b6447c_3.tar.bz2')
    const channels = channelsWith()
    const file = await channels.archive(one)
    const bytes = readFileSync(file)
    bytes[10] = (bytes[10] ?? 0) ^ 1
    writeFileSync(file, bytes)
    // Older kernels give two writes within some milliseconds the same times.
    utimesSync(file, 1, 1)
    await channels.archive(one)
    assert.equal(server.count('.tar.bz2'), 2)
    assert.equal(createHash('md5').update(readFileSync(file)).digest('hex'), one.md5)
  })

  const wrong: [what: string, act: (one: LockedConda) => LockedConda, code: SolveErrorCode, says: RegExp][] = [
    ['another sha256', one => ({ ...one, sha256: 'a'.repeat(64) }), 'CHANNEL_GARBAGE', /another sha256/],
    ['another md5', one => ({ ...one, md5: 'a'.repeat(32) }), 'CHANNEL_GARBAGE', /another md5/],
    ['more bytes', one => ({ ...one, size: (one.size ?? 0) - 1 }), 'CHANNEL_GARBAGE', /larger than the/],
    ['fewer bytes', one => ({ ...one, size: (one.size ?? 0) + 1 }), 'CHANNEL_GARBAGE', /and the lock says/],
    ['gone', one => ({ ...one, url: one.url.replace('zlib', 'zlob') }), 'CHANNEL_NOT_FOUND', /has no linux-64\/zlob/],
    [
      'cut',
      one => {
        server.behave(/conda$/, { kind: 'cut', bytes: 100, how: 'chunked' })
        return one
      },
      'CHANNEL_AWAY',
      /ended/,
    ],
    [
      'of a channel nobody configured',
      one => ({ ...one, url: one.url.replace('/main/', '/other/') }),
      'CHANNEL_REFUSED',
      /They are: main/,
    ],
  ]
  for (const [what, act, code, says] of wrong)
    test(`one that is ${what} is told as ${code}, and nothing of it is kept`, async () => {
      const error = await refusal(code, channelsWith().archive(act(locked('linux-64/zlib-1.2.13-h5eee18b_0.conda'))))
      assert.match(error.message, says)
      nothingUnderWay()
      assert.deepEqual(readdirSync(join(directory, 'archives')), [])
    })

  test('those beyond keptMiB go, least recently used first', async () => {
    const channels = channelsWith({ archives: { keptMiB: 0 } }, { inUseMs: 60_000 })
    const [one, two] = [
      locked('linux-64/zlib-1.2.13-h5eee18b_0.conda'),
      locked('linux-64/libgcc-ng-11.2.0-h1234567_1.conda'),
    ]
    await channels.archive(one)
    await channels.archive(two)
    assert.equal(readdirSync(join(directory, 'archives')).length, 2, 'both may be in use')
    nowMs += 120_000
    await channels.archive(locked('noarch/six-1.16.0-pyh_0.conda'))
    assert.equal(readdirSync(join(directory, 'archives')).length, 1)
  })
})

function locked(at: string, entries: BuiltChannel['entries'] = built.entries): LockedConda {
  const entry = entries.get(at)
  assert.ok(entry, at)
  const { name, version, build, md5, sha256, size } = entry
  const subdir = entry.subdir as LockedConda['subdir']
  return { name, version, build, subdir, url: `${server.url}/main/${at}`, md5, sha256, size }
}

const lockOf = (...conda: LockedConda[]) => ({
  v: 1 as const,
  platform: 'linux-64' as const,
  virtualPackages: [],
  conda,
  pip: [],
})

mkdirSync(served, { recursive: true })
