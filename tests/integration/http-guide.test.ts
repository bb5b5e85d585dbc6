// The guide, the pages of errors and the reference, as the server answers them: whole, without a token, and without another host.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Whoami } from '@trotline/contracts'
import { allExplanations } from '@trotline/contracts/explained'
import { createRedisRig, type RedisRig, TOKENS } from '../support/orchestrator-store.ts'

let rig: RedisRig
let address: string
before(async () => {
  rig = await createRedisRig()
  const app = await rig.serve(await rig.open())
  address = await app.http.listen({ host: '127.0.0.1', port: 0 })
})
after(() => rig.close())

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${address}${path}`, { headers })
const page = async (path: string): Promise<string> => {
  const response = await get(path)
  assert.equal(response.status, 200, path)
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8', path)
  return response.text()
}

test('every word that an answer may carry has its page, at the address in its type', async () => {
  const problem = (await (await get('/v1/jobs')).json()) as { type: string; code: string }
  assert.equal(new URL(problem.type).pathname, '/guide/errors/unauthorized')
  for (const { code, cause } of allExplanations()) {
    const html = await page(`/guide/errors/${code}`)
    assert.match(html, new RegExp(`<code>${code}</code>`))
    assert.ok(html.includes(cause.slice(0, 20).replaceAll('"', '&quot;')), code)
  }
  assert.equal((await get('/guide/errors/no-such-word')).status, 404)
})

test('every link of every page leads to a page, and to a heading that is there', async () => {
  const waiting = ['/guide', '/docs', '/guide/errors']
  const seen = new Map<string, string>()
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue
    const html = await page(path)
    seen.set(path, html)
    for (const [, to = ''] of html.matchAll(/href="([^"]*)"/g)) {
      if (to.startsWith('#')) assert.match(html, new RegExp(`id="${to.slice(1)}"`), `${path} ${to}`)
      else if (/^\/(?:guide|docs)/.test(to) && to !== '/guide/style.css') waiting.push(to.split('#')[0] ?? '')
      else assert.ok(['/', '/guide/style.css', '/openapi.json'].includes(to), `${path} links to ${to}`)
    }
  }
  assert.ok(seen.size > 100, String(seen.size))
})

test('nothing on a page runs, and nothing of it comes from elsewhere', async () => {
  for (const path of ['/guide', '/guide/recipes', '/guide/errors/incompatible', '/docs']) {
    const response = await get(path)
    assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'self'/)
    const html = await response.text()
    assert.doesNotMatch(html, /<script|<style|\son\w+=|\sstyle=|<img|<iframe|(?:src|href)="(?:https?:)?\/\//, path)
  }
  const style = await get('/guide/style.css')
  assert.equal(style.headers.get('content-type'), 'text/css; charset=utf-8')
  assert.doesNotMatch(await style.text(), /url\(|@import/)
})

test('the reference has every route of the OpenAPI document, and every schema by its name', async () => {
  const html = await page('/docs')
  const api = (await (await get('/openapi.json')).json()) as {
    paths: Record<string, Record<string, unknown>>
    components: { schemas: Record<string, unknown> }
  }
  for (const [path, operations] of Object.entries(api.paths))
    for (const method of Object.keys(operations))
      assert.ok(
        html.includes(`<span class="method">${method.toUpperCase()}</span> <code>${path}</code>`),
        `${method} ${path}`,
      )
  for (const name of Object.keys(api.components.schemas)) assert.ok(html.includes(`>${name}</h3>`), name)
})

test('a token is told whose it is; without one nobody is', async () => {
  const [token = ''] = Object.values(TOKENS)
  const answer = await get('/v1/whoami', { authorization: `Bearer ${token}` })
  const who = Whoami.parse(await answer.json())
  assert.match(who.version, /^\d+\.\d+\.\d+/)
  assert.equal((await get('/v1/whoami')).status, 401)
})
