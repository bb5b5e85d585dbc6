// The installer of the native rung, with the real npm, the real package and its real binding, and a stand-in for libtensorflow
// that is compiled here. It trains nothing; that the rung trains with TensorFlow itself was tried by hand (deploy/native/README.md).
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '../support/eventually.ts'
import { buildStub } from '../support/stub-libtensorflow/build.ts'

const PROGRAM = fileURLToPath(new URL('../../deploy/native/main.mjs', import.meta.url))
const PACKAGE = '@tensorflow/tfjs-node-gpu'
const ARCHIVE = 'libtensorflow-gpu-linux-x86_64-2.9.1.tar.gz'

const missing = ['g++', 'make', 'python3', 'tar'].filter(name => spawnSync(name, ['--version']).error !== undefined)
const skip = missing.length > 0 && `the binding cannot be compiled here: no ${missing.join(', no ')}`

const pathOf = (program: string) => execFileSync('which', [program], { encoding: 'utf8' }).trim()
const nodeGyp = () => join(realpathSync(pathOf('npm')), '../../node_modules/node-gyp/bin/node-gyp.js')

interface Ended {
  code: number | null
  output: string
}

interface Running {
  pid: number
  ended: Promise<Ended>
}

// npm hands its own settings on to what it runs, and where headers lie is what a test is about.
const { npm_config_nodedir: _, ...inherited } = process.env

function start(words: readonly string[], settings: Record<string, string> = {}, node = process.execPath): Running {
  const child = spawn(node, [PROGRAM, ...words], {
    env: { ...inherited, INIT_CWD: tmpdir(), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  const ended = new Promise<Ended>(resolve => child.once('close', code => resolve({ code, output })))
  return { pid: child.pid ?? 0, ended }
}

const native = (...args: Parameters<typeof start>) => start(...args).ended

/**
 * npm takes most of an installation's time. It is the real one in the first test; the others differ in what comes after it, and
 * get the first one's packages by this: the package itself anew, the others as links.
 */
const NPM_AGAIN = `
const { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } = require('node:fs')
const { join } = require('node:path')
const from = join(__dirname, 'first/node_modules')
const to = join(process.argv.find(word => word.startsWith('--prefix=')).slice('--prefix='.length), 'node_modules')
mkdirSync(join(to, '@tensorflow'), { recursive: true })
const link = name => symlinkSync(join(from, name), join(to, name))
for (const name of readdirSync(from)) if (name !== '@tensorflow') link(name)
for (const name of readdirSync(join(from, '@tensorflow'))) if (name !== 'tfjs-node-gpu') link(join('@tensorflow', name))
const made = path => !/tfjs-node-gpu.(?:deps|lib)$/.test(path)
cpSync(join(from, '${PACKAGE}'), join(to, '${PACKAGE}'), { recursive: true, filter: made })
`

describe('npm run native', { skip }, () => {
  let home: string
  let stub: string
  let again: Record<string, string>
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'trotline-native-'))
    again = { npm_execpath: join(home, 'npm-cli.js') }
    writeFileSync(join(home, 'npm-cli.js'), NPM_AGAIN)
    stub = join(home, 'stub')
    buildStub(stub)
    execFileSync('tar', ['-czf', join(home, ARCHIVE), '-C', stub, 'include', 'lib'])
  })
  after(() => rmSync(home, { recursive: true, force: true }))

  /** A folder of its own for one test, so that it can say that nothing else is in it afterwards. */
  async function inFolder(act: (above: string) => Promise<void>): Promise<void> {
    const above = mkdtempSync(join(home, 'in-'))
    try {
      await act(above)
    } finally {
      rmSync(above, { recursive: true, force: true })
    }
  }

  async function withServer(answer: RequestListener, act: (url: string) => Promise<void>): Promise<void> {
    const server = createServer(answer).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    try {
      await act(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }

  /** What anything that the installer started would have in its command line or as its working directory. */
  const processesIn = (folder: string) =>
    readdirSync('/proc').filter(pid => {
      if (!/^\d+$/.test(pid)) return false
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${folder}/.`) ||
          realpathSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`)
        )
      } catch {
        return false
      }
    })

  test('by npm and from a mirror, which alone is asked for library and binding, into a folder that NODE_PATH leads to', () =>
    inFolder(async above => {
      const asked: string[] = []
      const mirror: RequestListener = (request, response) => {
        asked.push(request.url ?? '')
        if (request.url === `/tensorflow/${ARCHIVE}`) response.end(readFileSync(join(home, ARCHIVE)))
        else response.writeHead(404).end('no such file')
      }
      const prefix = join(above, 'native')
      await withServer(mirror, async url => {
        const { code, output } = await native(['--prefix', prefix, '--mirror', `${url}/tensorflow/`])
        assert.equal(code, 0, output)
        assert.match(output, /4\.22\.0 computes with TensorFlow 2\.9\.1-stub on the CPU \(isUsingGpuDevice false\)/)
        assert.ok(output.includes(`export NODE_PATH=${prefix}/node_modules`), output)
      })
      assert.deepEqual(asked, [`/tensorflow/${ARCHIVE}`, '/tensorflow/napi-v8/4.22.0/GPU-linux-4.22.0.tar.gz'])
      const marker = JSON.parse(readFileSync(join(prefix, 'trotline-native.json'), 'utf8'))
      assert.deepEqual([marker.package, marker.version, marker.tensorflow], [PACKAGE, '4.22.0', '2.9.1-stub'])
      assert.deepEqual(readdirSync(above), ['native'])
      const found = execFileSync(process.execPath, ['-p', `require('${PACKAGE}').backend().isUsingGpuDevice`], {
        cwd: home,
        env: { ...process.env, NODE_PATH: join(prefix, 'node_modules'), STUB_GPU: '1' },
        encoding: 'utf8',
      })
      assert.equal(found.trim(), 'true')
      renameSync(prefix, join(home, 'first'))
    }))

  test('from a folder, which is used where it lies: again it is only checked, and a library that is gone is named', () =>
    inFolder(async above => {
      const library = join(above, 'libtensorflow')
      buildStub(library)
      const words = ['--prefix', join(above, 'native'), '--libtensorflow', library]
      const first = await native(words, again)
      assert.equal(first.code, 0, first.output)
      assert.match(first.output, /compiling the binding/)
      const second = await native(words, { STUB_GPU: '1' })
      assert.match(second.output, /it is there already[\s\S]*on the GPU \(isUsingGpuDevice true\)/)
      assert.doesNotMatch(second.output, /npm install/)

      renameSync(library, join(above, 'elsewhere'))
      const gone = await native([...words.slice(0, 2), '--check'])
      assert.equal(gone.code, 1)
      assert.match(gone.output, /the loader does not find libtensorflow\.so\.2\..*--libtensorflow.*LD_LIBRARY_PATH/)
      const byModule = await native([...words.slice(0, 2), '--check'], {
        LD_LIBRARY_PATH: join(above, 'elsewhere/lib'),
      })
      assert.equal(byModule.code, 0, byModule.output)
    }))

  test('from a tarball, and on a runtime that has lost what the package calls in its first operation (Node 23 and later)', () =>
    inFolder(async above => {
      const newer = join(above, 'newer.cjs')
      writeFileSync(newer, "delete require('node:util').isNullOrUndefined\n")
      const settings = { ...again, NODE_OPTIONS: `--require=${newer}` }
      const prefix = join(above, 'native')
      const { code, output } = await native(['--prefix', prefix, '--libtensorflow', join(home, ARCHIVE)], settings)
      assert.equal(code, 0, output)
      const bare = spawnSync(process.execPath, ['-e', `require('${PACKAGE}').tensor1d([1, 2]).add(1).print()`], {
        cwd: prefix,
        env: { ...process.env, ...settings },
        encoding: 'utf8',
      })
      assert.match(bare.stderr, /isNullOrUndefined\) is not a function/)
    }))

  test('a mirror that accepts and never answers ends at the time limit, and nothing is left', () =>
    inFolder(async above => {
      let asked = 0
      await withServer(
        () => {
          asked += 1
        },
        async url => {
          const words = ['--prefix', join(above, 'native'), '--mirror', url]
          // How long it takes to come that far is the machine's affair: the limit leaves several times as much.
          const began = performance.now()
          const unlimited = start(words, again)
          await eventually('it downloads', () => asked === 1)
          const limit = Math.ceil(3 + (3 * (performance.now() - began)) / 1000)
          process.kill(unlimited.pid, 'SIGTERM')
          await unlimited.ended
          const { code, output } = await native([...words, '--time-limit', String(limit)], again)
          assert.equal(code, 1)
          assert.ok(
            output.includes(`not done within ${limit} s, at fetching libtensorflow and binding from http`),
            output,
          )
          assert.match(output, /nothing was left behind/)
        },
      )
      assert.deepEqual(readdirSync(above), [])
      assert.deepEqual(processesIn(above), [])
    }))

  test('ended by a signal in the middle of a download, nothing is left, and what a killed run left is removed by the next', () =>
    inFolder(async above => {
      let asked = 0
      await withServer(
        () => {
          asked += 1
        },
        async url => {
          const words = ['--prefix', join(above, 'native'), '--mirror', url]
          const killed = start(words, again)
          await eventually('the first run downloads', () => asked === 1)
          process.kill(killed.pid, 'SIGKILL')
          await killed.ended
          assert.equal(readdirSync(above).length, 1)
          const ended = start(words, again)
          await eventually('the second run downloads', () => asked === 2)
          assert.equal(readdirSync(above).length, 1)
          process.kill(ended.pid, 'SIGTERM')
          const { code, output } = await ended.ended
          assert.equal(code, 1)
          assert.match(output, /ended by SIGTERM; nothing was left behind/)
        },
      )
      assert.deepEqual(readdirSync(above), [])
    }))

  test('a mirror without the file, a machine without headers or without make, a registry out of reach: each is said with what to do', () =>
    inFolder(async above => {
      const prefix = ['--prefix', join(above, 'native')]
      await withServer(
        (_request, response) => response.writeHead(404).end('<html>not here</html>'),
        async url => {
          const { code, output } = await native([...prefix, '--mirror', url], again)
          assert.equal(code, 1)
          assert.match(
            output,
            /what http:\S+ answers is no whole tarball.*libtensorflow-gpu-linux-x86_64-2\.9\.1\.tar\.gz/,
          )
        },
      )
      // A runtime of its own folder, beside which there are neither programs nor headers.
      const bin = join(above, 'bin')
      mkdirSync(bin)
      const node = join(bin, 'node')
      copyFileSync(process.execPath, node)
      const elsewhere = { ...again, npm_config_node_gyp: nodeGyp(), npm_config_disturl: 'http://127.0.0.1:9/' }
      const headless = await native([...prefix, '--libtensorflow', stub], elsewhere, node)
      assert.match(headless.output, /Node's headers are missing.*npm_config_nodedir/)
      for (const name of ['sh', 'env']) symlinkSync(pathOf(name), join(bin, name))
      // Python itself: what is on PATH may be a script that wants further programs.
      const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
      symlinkSync(python, join(bin, 'python3'))
      const headers = { npm_config_nodedir: join(process.execPath, '../..') }
      const bare = await native([...prefix, '--libtensorflow', stub], { ...elsewhere, ...headers, PATH: bin }, node)
      assert.match(bare.output, /make is missing\. Debian: apt-get install g\+\+ make python3/)

      const offline = await native([...prefix, '--libtensorflow', stub], {
        npm_config_registry: 'http://127.0.0.1:9/',
        npm_config_cache: join(above, 'cache'),
        npm_config_fetch_retries: '0',
      })
      assert.match(offline.output, /the npm registry cannot be reached from here.*login node/)
      assert.ok(!existsSync(join(above, 'native')))
    }))

  test('what cannot work is refused before anything is downloaded', () =>
    inFolder(async above => {
      const foreign = join(above, 'foreign')
      mkdirSync(join(foreign, 'lib'), { recursive: true })
      const refused = async (words: string[], expected: RegExp, code = 2) => {
        const ended = await native(words)
        assert.match(ended.output, expected)
        assert.equal(ended.code, code)
      }
      await refused([], /--prefix DIR is missing/)
      await refused(['--prefix', 'x', '--package', 'tfjs'], /--package is tfjs-node-gpu or tfjs-node, not "tfjs"/)
      await refused(['--prefix', 'x', '--time-limit', 'soon'], /--time-limit is a number of seconds/)
      await refused(['--prefix', 'x', '--mirror', 'file:///srv'], /--mirror is an http or https address/)
      await refused(['--prefix', 'x', '--mirror', 'http://a/', '--libtensorflow', stub], /give one/)
      await refused(['--prefix', 'x', '--libtensorflow', join(above, 'none')], /there is no .*none/)
      await refused(['--prefix', join(above, 'x'), '--check'], /is not installed in/, 1)
      await refused(['--prefix', foreign, '--libtensorflow', stub], /has not made: name another folder/, 1)
      const noLibrary = ['--prefix', join(above, 'x'), '--libtensorflow', foreign]
      await refused(noLibrary, /it has no include\/tensorflow\/c\/c_api\.h, no .*lib\/libtensorflow\.so/, 1)
      assert.deepEqual(readdirSync(above), ['foreign'])
    }))
})
