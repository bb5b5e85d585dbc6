import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withAdvice } from '../../../apps/cli/src/advice.ts'
import { lost } from '../../../apps/cli/src/api/exchange.ts'
import { readConfiguration } from '../../../apps/cli/src/configuration/configuration.ts'
import { CliError } from '../../../apps/cli/src/errors.ts'
import { readSettings } from '../../../apps/cli/src/settings.ts'
import { errorText } from '../../../apps/cli/src/text/error-text.ts'
import { createStyle } from '../../../apps/cli/src/text/style.ts'

const style = createStyle({ colour: false, utf8: true })
const known = (env: Record<string, string> = {}, origin = 'TROTLINE_TOKEN') => {
  const settings = readSettings({ HOME: '/nowhere', TROTLINE_URL: 'https://trotline.example.org', ...env })
  return {
    settings,
    configuration: readConfiguration(settings, '/', {}, '/nowhere/config.yaml'),
    server: () => new URL('https://trotline.example.org/'),
    token: () => ({ value: 'secret-of-mine', origin }),
  }
}
const said = (error: CliError, context: ReturnType<typeof known>): string =>
  errorText(withAdvice(error, context) as CliError, style)

const unknownToken = new CliError('PROBLEM', 'No token of this server matches.', {
  problem: {
    type: 'about:blank',
    status: 401,
    code: 'unauthorized',
    title: 'No valid bearer token was given',
    detail: 'No token of this server matches.',
    instance: 'r1',
  },
})

test('a token that is not known is said with where it came from and which server was asked; the fix fits that place', () => {
  const variable = said(unknownToken, known())
  assert.match(
    variable,
    /^ {2}token {4}from TROTLINE_TOKEN\n {2}server {3}https:\/\/trotline\.example\.org, from TROTLINE_URL$/m,
  )
  assert.match(variable, /^To do: Set TROTLINE_TOKEN to your token of this server\.$/m)
  assert.doesNotMatch(variable, /secret-of-mine/)
  assert.match(said(unknownToken, known({}, '/nowhere/.config/trotline/tokens.json')), /^To do: trotline login$/m)
  assert.match(said(unknownToken, known({}, 'mine.txt')), /^To do: Put your token of this server into mine\.txt\.$/m)
})

test('a login that was refused names no other token than the one that was typed', () => {
  assert.doesNotMatch(said(unknownToken.with({ failed: 'Not logged in' }), known()), /TROTLINE_TOKEN/)
})

const refused = (proxy: string | null, code = 'ECONNREFUSED') =>
  lost(
    Object.assign(new Error(code), { code }),
    new URL('https://trotline.example.org'),
    new AbortController().signal,
    proxy,
  )

test('where the proxy cannot be had, that is said, with its variable and the way around it', () => {
  const text = said(refused('proxy:3128'), known({ HTTPS_PROXY: 'http://proxy:3128' }))
  assert.match(text, /^Could not ask trotline\.example\.org \(connection refused, via proxy proxy:3128\)\.$/m)
  assert.match(text, /^ {2}proxy {4}proxy:3128, from HTTPS_PROXY/m)
  assert.match(text, /whether the server is there is not known/)
  assert.match(text, /NO_PROXY=trotline\.example\.org\n$/)
})

test('a proxy that answers and lets nothing through is not said to be away', () => {
  const text = said(refused('proxy:3128', 'PROXY_REFUSED'), known({ HTTPS_PROXY: 'http://proxy:3128' }))
  assert.match(text, /the proxy does not let it through/)
  assert.doesNotMatch(text, /could not be had/)
})

test('without a proxy the address is said with where it was set; what may have arrived gets no advice', () => {
  const text = said(refused(null), known())
  assert.match(text, /^ {2}server {3}https:\/\/trotline\.example\.org, from TROTLINE_URL$/m)
  assert.match(text, /trotline doctor\n$/)
  const reset = refused(null, 'ECONNRESET')
  assert.equal(withAdvice(reset, known()), reset)
})
