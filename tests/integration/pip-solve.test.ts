// The part for pip through uv: the real one where this machine has it, and programs that misbehave in its place, since what is held here
// is how the server stands them.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { EnvironmentsSettings } from '../../apps/orchestrator/src/environment-settings.ts'
import { compilePip } from '../../apps/orchestrator/src/solving/uv.ts'
import { folderFor } from '../support/solving.ts'

const CONDA = [
  { name: 'python', version: '3.11.9' },
  { name: 'pytorch', version: '2.1.0' },
  { name: '_libgcc_mutex', version: '0.1' },
]
const NODES = { __glibc: '2.35' }
/** Programs that end by themselves do so before, on a loaded machine as well. */
const HANG_SECONDS = 60

function compile(
  folder: string,
  uv: string,
  pip: string[],
  more: { pipIndex?: string; signal?: AbortSignal; limitSeconds?: number } = {},
) {
  const settings = EnvironmentsSettings.parse({
    ...{ directory: folder, uv, solve: { timeLimitSeconds: more.limitSeconds ?? HANG_SECONDS } },
    pipIndex: more.pipIndex ?? 'http://127.0.0.1:9/simple',
  })
  const spec = { channels: ['main'], dependencies: ['python', { pip }] }
  const problem = { spec, platform: 'linux-64' as const, virtualPackages: NODES }
  return compilePip(problem, CONDA, settings, more.signal ?? new AbortController().signal)
}

/** A program that does as the lines of Node.js say. */
function programOf(folder: string, lines: string): string {
  const path = join(folder, 'program')
  writeFileSync(path, `#!${process.execPath}\n${lines}\n`)
  chmodSync(path, 0o700)
  return path
}

test('a program that never ends is ended at the time limit, and leaves no folder behind', async t => {
  const folder = folderFor(t)
  const endless = programOf(folder, 'setInterval(() => {}, 1000)')
  await assert.rejects(compile(folder, endless, ['six'], { limitSeconds: 2 }), { code: 'SOLVE_TIME_LIMIT' })
  assert.deepEqual(readdirSync(join(folder, 'uv')), [])
})

test('a cancelled one is ended at once', async t => {
  const folder = folderFor(t)
  const stop = new AbortController()
  const compiling = compile(folder, programOf(folder, 'setInterval(() => {}, 1000)'), ['six'], { signal: stop.signal })
  setTimeout(() => stop.abort(), 200)
  await assert.rejects(compiling, { code: 'SOLVE_CANCELLED' })
})

test('what it says as it fails is handed on, and what is no lock is refused', async t => {
  const folder = folderFor(t)
  await assert.rejects(
    compile(folder, programOf(folder, 'console.error("no such release"); process.exit(1)'), ['six']),
    {
      code: 'PIP_REFUSED',
      tree: 'no such release',
    },
  )
  await assert.rejects(compile(folder, programOf(folder, 'console.log("six==1.16.0")'), ['six']), {
    code: 'PIP_REFUSED',
    message: /six==1\.16\.0.*has no hash/,
  })
  const endless =
    'const s = "x".repeat(65536); const w = () => { while (process.stdout.write(s)); process.stdout.once("drain", w) }; w()'
  await assert.rejects(compile(folder, programOf(folder, endless), ['six']), {
    code: 'PIP_REFUSED',
    message: /more than/,
  })
  await assert.rejects(compile(folder, join(folder, 'not-there'), ['six']), {
    code: 'PIP_REFUSED',
    message: /could not be started/,
  })
})

test('it is told nothing of the settings of this process', async t => {
  const folder = folderFor(t)
  const shows = 'console.error(Object.keys(process.env).sort().join()); process.exit(1)'
  await assert.rejects(compile(folder, programOf(folder, shows), ['six']), { tree: 'HOME,PATH' })
})

/** As an index of wheels serves them (PEP 503), with their metadata beside them (PEP 658). */
async function serveWheels(t: TestContext, wheels: Readonly<Record<string, { version: string; requires: string[] }>>) {
  const fileOf = (name: string): string => `${name.replaceAll('-', '_')}-${wheels[name]?.version}-py3-none-any.whl`
  const metadataOf = (name: string): string =>
    `Metadata-Version: 2.1\nName: ${name}\nVersion: ${wheels[name]?.version}\n${(wheels[name]?.requires ?? []).map(one => `Requires-Dist: ${one}\n`).join('')}`
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
  const server = createServer((request, response) => {
    const [, name = ''] = /^\/simple\/([^/]+)\/$/.exec(request.url ?? '') ?? []
    const wheel = Object.keys(wheels).find(one => request.url === `/files/${fileOf(one)}.metadata`)
    if (name in wheels) {
      const file = fileOf(name)
      const metadata = `sha256=${sha256(metadataOf(name))}`
      response.setHeader('content-type', 'text/html')
      response.end(
        `<!DOCTYPE html><a href="/files/${file}#sha256=${sha256(file)}" data-core-metadata="${metadata}">${file}</a>`,
      )
    } else if (wheel !== undefined) response.end(metadataOf(wheel))
    else response.writeHead(404).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/simple`, hashOf: (name: string) => sha256(fileOf(name)) }
}

const HAS_UV = spawnSync('uv', ['--version']).status === 0
test('releases and hashes are worked out, and what conda has is left to conda', {
  skip: HAS_UV ? false : 'this machine has no uv',
}, async t => {
  const folder = folderFor(t)
  const index = await serveWheels(t, {
    torchviz: { version: '0.0.2', requires: ['torch', 'graphviz'] },
    graphviz: { version: '0.20.1', requires: [] },
    torch: { version: '2.1.0', requires: ['nvidia-cuda-runtime-cu12'] },
  })
  const [uv = ''] = spawnSync('/bin/sh', ['-c', 'command -v uv'], { encoding: 'utf8' }).stdout.split('\n')
  assert.deepEqual(await compile(folder, uv, ['torchviz'], { pipIndex: index.url }), [
    { name: 'graphviz', version: '0.20.1', sha256: [index.hashOf('graphviz')] },
    { name: 'torchviz', version: '0.0.2', sha256: [index.hashOf('torchviz')] },
  ])
  await assert.rejects(compile(folder, uv, ['torchviz>=1'], { pipIndex: index.url }), {
    code: 'PIP_REFUSED',
    message: 'uv finds no set of releases for the pip part.',
  })
})
