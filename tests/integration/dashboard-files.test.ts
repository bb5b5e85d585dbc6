// The page's files as the server gives them out: what is cached for how long, in which coding, with which policy; and what is said where
// nothing was built.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { dashboardRoutes } from '../../apps/orchestrator/src/http/dashboard.ts'

const require = createRequire(new URL('../../apps/orchestrator/package.json', import.meta.url))
const { default: Fastify } = require('fastify') as typeof import('fastify')

const INDEX = '<!doctype html><title>Trotline</title>'
const SCRIPT = 'console.log("the page")'

async function served(t: TestContext, build: (folder: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'trotline-page-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  build(folder)
  const app = Fastify()
  t.after(() => app.close())
  await app.register(dashboardRoutes(folder))
  return app
}

function built(folder: string): void {
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), INDEX)
  const script = join(folder, 'assets/index-a1b2c3.js')
  writeFileSync(script, SCRIPT)
  writeFileSync(`${script}.gz`, gzipSync(SCRIPT))
  writeFileSync(`${script}.br`, brotliCompressSync(SCRIPT))
}

test('every address of the page gives the same document, which is asked for anew each time', async t => {
  const app = await served(t, built)
  for (const url of [
    '/',
    '/jobs/abc/log',
    '/submit',
    '/compatibility',
    '/environments/x',
    '/clusters',
    '/settings',
    '/compare?jobs=a,b',
  ]) {
    const answer = await app.inject(url)
    assert.equal(answer.body, INDEX, url)
    assert.equal(answer.headers['cache-control'], 'no-cache')
    assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
  }
})

test('files with a hash in their name are kept by browsers, in the best coding that each takes', async t => {
  const app = await served(t, built)
  const get = (encoding: string) =>
    app.inject({ url: '/assets/index-a1b2c3.js', headers: { 'accept-encoding': encoding } })
  const [br, gz, plain, refused] = [
    await get('gzip, deflate, br'),
    await get('gzip'),
    await get(''),
    await get('br;q=0, gzip;q=0.0'),
  ]
  assert.equal(brotliDecompressSync(br.rawPayload).toString(), SCRIPT)
  assert.equal(br.headers['content-encoding'], 'br')
  assert.equal(gunzipSync(gz.rawPayload).toString(), SCRIPT)
  assert.equal(plain.body, SCRIPT)
  assert.equal(refused.body, SCRIPT)
  assert.equal(refused.headers['content-encoding'], undefined)
  for (const answer of [br, gz, plain]) {
    assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.equal(answer.headers.vary, 'accept-encoding')
    assert.equal(answer.headers['content-type'], 'text/javascript; charset=utf-8')
  }
})

test('nothing inline runs, nobody else is asked, and nobody frames the page', async t => {
  const app = await served(t, built)
  for (const url of ['/', '/assets/index-a1b2c3.js']) {
    const { headers } = await app.inject(url)
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)
    for (const rule of ["connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"])
      assert.ok(policy.includes(rule), rule)
    assert.doesNotMatch(policy, /unsafe|http|\*/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
  }
})

test('only what was built is given out, whatever is asked for', async t => {
  const app = await served(t, folder => {
    built(folder)
    writeFileSync(join(folder, 'secret.txt'), 'not a part of the page')
  })
  for (const url of [
    '/assets/../secret.txt',
    '/assets/%2e%2e/secret.txt',
    '/assets/..%2fsecret.txt',
    '/assets/none.js',
    '/assets/',
    '/secret.txt',
  ])
    assert.equal((await app.inject(url)).statusCode, 404, url)
})

test('where nothing was built the server says what builds it, and goes on', async t => {
  const app = await served(t, () => {})
  const answer = await app.inject('/')
  assert.equal(answer.statusCode, 503)
  assert.match(answer.body, /npm run build/)
})
