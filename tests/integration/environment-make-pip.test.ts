// The pip part of a lock, with a real pip: the package `python` is a virtual environment of this machine's Python, whose pip it is.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { PinnedLock } from '@trotline/environment'
import { removeTree } from '../../apps/worker/src/environment/remove.ts'
import { type ChannelServer, serveChannels } from '../support/channel-server.ts'
import { type BuiltChannel, buildChannel } from '../support/conda-channel.ts'
import { bundleMaker, createPlace, type EnvironmentPlace, lockOfChannel } from '../support/environment-place.ts'

const PYTHON = '/usr/bin/python3'
const WHEEL = 'demo-1.0-py3-none-any.whl'

const python = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(PYTHON, args, { encoding: 'utf8' })
const version = /^Python (3\.\d+)/.exec(python('--version').stdout ?? '')?.[1] ?? null
const hasPip = version !== null && python('-m', 'pip', '--version').status === 0

/** Of one module. */
const WHEEL_MAKER = `
import base64, hashlib, sys, zipfile
files = {
    "demo.py": "answer = 42\\n",
    "demo-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n",
    "demo-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: by-hand\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
digest = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
record = "".join(f"{name},sha256={digest(text)},{len(text)}\\n" for name, text in files.items())
files["demo-1.0.dist-info/RECORD"] = record + "demo-1.0.dist-info/RECORD,,\\n"
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
`

describe('environment-make-pip', { skip: hasPip ? false : `${PYTHON} has no pip: python3-pip would bring it` }, () => {
  const home = mkdtempSync(join(tmpdir(), 'trotline-pip-'))
  const wheel = join(home, 'channels', 'simple', 'demo', WHEEL)
  let channel: BuiltChannel
  let server: ChannelServer
  let lock: PinnedLock
  let place: EnvironmentPlace
  let maker: string
  let index: string
  let places = 0

  before(async () => {
    maker = await bundleMaker(join(home, 'release'))
    channel = await buildChannel(join(home, 'channels', 'main'), [
      {
        name: 'python',
        version: `${version}.0`,
        build: 'h0_0',
        files: { 'pyvenv.cfg': `home = ${dirname(PYTHON)}\ninclude-system-site-packages = true\n` },
        links: { 'bin/python': `python${version}`, [`bin/python${version}`]: PYTHON },
      },
      { name: 'pip', version: '23.0.1', build: 'py_0', depends: ['python'] },
    ])
    mkdirSync(dirname(wheel), { recursive: true })
    const made = python('-c', WHEEL_MAKER, wheel)
    assert.equal(made.status, 0, made.stderr)
    server = await serveChannels(join(home, 'channels'))
    index = `${server.url}/simple`
    lock = lockWith(createHash('sha256').update(readFileSync(wheel)).digest('hex'))
  })
  beforeEach(() => {
    server.behaveWell()
    server.forget()
    server.behave(/\/simple\/demo\/$/, {
      kind: 'body',
      body: `<!DOCTYPE html><html><body><a href="${WHEEL}">${WHEEL}</a></body></html>`,
      headers: { 'content-type': 'text/html' },
    })
    place = createPlace(join(home, `place-${++places}`), maker)
  })
  after(async () => {
    await server.close()
    await removeTree(home)
  })

  const lockWith = (sha256: string): PinnedLock =>
    lockOfChannel(channel, `${server.url}/main`, undefined, [{ name: 'demo', version: '1.0', sha256: [sha256] }])
  const module = (): string => join(place.prefix(lock.id), `lib/python${version}/site-packages/demo.py`)

  test('what comes by pip is installed by hash into the environment, and belongs to what is looked at', async () => {
    const { code } = await place.make(lock, { pipIndex: index })
    assert.equal(code, 0, place.log(lock.id))
    assert.equal(readFileSync(module(), 'utf8'), 'answer = 42\n')
    assert.equal(place.made(lock.id).pipPackages, 1)
    assert.equal((await place.look(lock.id)).drift, null)
    chmodSync(module(), 0o644)
    rmSync(module())
    const { drift } = await place.look(lock.id)
    assert.ok(
      drift?.files.some(one => one.path.endsWith('demo.py')),
      JSON.stringify(drift),
    )
  })

  test('offline it takes the wheel that was brought', async () => {
    for (const [at, { sha256 }] of channel.entries) {
      const to = join(place.root, '.packages', 'archives', sha256, basename(at))
      mkdirSync(dirname(to), { recursive: true })
      copyFileSync(join(channel.directory, at), to)
    }
    mkdirSync(join(place.root, '.packages', 'wheels'))
    copyFileSync(wheel, join(place.root, '.packages', 'wheels', WHEEL))
    const { code } = await place.make(lock, { offline: true })
    assert.equal(code, 0, place.log(lock.id))
    assert.equal(server.requests.length, 0)
    assert.equal((await place.look(lock.id)).drift, null)
  })

  test('a wheel with another hash than the lock is not installed', async () => {
    const other = lockWith('0'.repeat(64))
    assert.equal((await place.make(other, { pipIndex: index })).code, 1)
    assert.equal(place.state(other.id).trouble?.code, 'archive-changed')
    assert.ok(!existsSync(place.prefix(other.id)))
  })

  test('an index that has it no longer is told apart from one that cannot be reached', async () => {
    server.behave(/\/simple\/demo\/$/, { kind: 'status', status: 404 })
    assert.equal((await place.make(lock, { pipIndex: index })).code, 1)
    const { trouble } = place.state(lock.id)
    assert.equal(trouble?.code, 'archive-unavailable', JSON.stringify(trouble))
    assert.equal(trouble?.transient, false)
  })
})
