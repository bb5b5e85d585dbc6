// What may be wrong with a request beside its body: addresses, queries, headers, methods and bodies that are not what they say.
import fc from 'fast-check'
import { type Mutation, mutations } from './mutate.ts'
import type { Draft } from './request.ts'

/** Changes the draft in place. @param body the value that its body was made from */
export type Fault = (draft: Draft, body: unknown) => void

/** Over the 16 KiB that Node.js takes of a head. */
const LONG = 17_000

const ODD = [
  '',
  '%',
  '%zz',
  '%00',
  '%0a',
  '%20',
  '%2e%2e%2f',
  '%C0%AF',
  '%ED%A0%80',
  '%F0%9F%A6%84',
  '..',
  '.',
  'null',
  'undefined',
  '-1',
  '0',
  '1e3',
  '0x10',
  '99999999999999999999',
  'NaN',
  'true',
  '__proto__',
  'constructor',
  'x'.repeat(300),
  'x'.repeat(LONG),
  '%2525',
  '~job.1~%00',
  'a b',
  'naïve',
]
const odd = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...ODD) },
  fc.webQueryParameters(),
  fc.string({ maxLength: 12 }).map(text => encodeURIComponent(Buffer.from(text).toString())),
)

const NAMES = fc.constantFrom(
  'x',
  '__proto__',
  'constructor',
  'limit',
  'dryRun',
  'toString',
  '',
  'a[b]',
  'a.b',
  '%',
  'x'.repeat(200),
)

const HEADERS: readonly [name: string, values: readonly string[]][] = [
  [
    'content-type',
    [
      'text/plain',
      'application/yaml',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      '',
      'application/json; charset=latin1',
      'application/json;charset="',
      'APPLICATION/JSON',
      'application/merge-patch+json',
      'application/json, text/plain',
      'x/y/z',
    ],
  ],
  [
    'accept',
    [
      '',
      'text/event-stream',
      'application/xml',
      '*/*;q=0',
      'text/event-stream, application/json',
      ',,,',
      'x'.repeat(3_000),
    ],
  ],
  [
    'authorization',
    [
      '',
      'Bearer',
      'Bearer ',
      'bearer token-of-ada',
      'Basic YTpi',
      `Bearer ${'x'.repeat(600)}`,
      'Bearer token-of-ada token-of-bob',
      'Bearer é',
    ],
  ],
  ['idempotency-key', ['', ' ', 'a b', 'é', 'x'.repeat(256), 'x'.repeat(255), '__proto__', '"quoted"']],
  [
    'last-event-id',
    [
      '',
      '-1',
      '0',
      '999999999999',
      '9'.repeat(15),
      'abc',
      '1:0',
      '1:99999999999',
      'bnVsbA',
      'eyJqb2JzIjoiMSJ9',
      'W10',
      'x'.repeat(4_000),
    ],
  ],
  [
    'range',
    ['bytes=0-0', 'bytes=-0', 'bytes=9-1', 'bytes=0-1,3-4', 'bytes=99999999999999999999-', 'items=0-1', 'bytes'],
  ],
  ['if-none-match', ['*', '""', 'W/"x"', '"a", "b"', ',', '"']],
  ['content-encoding', ['gzip', 'br', 'identity', 'nonsense']],
  ['x-http-method-override', ['DELETE']],
  ['expect', ['100-continue', 'nonsense']],
  ['host', ['', 'example.test', 'a b', 'localhost:99999']],
  ['cookie', ['a=b', '='.repeat(2_000)]],
  ['origin', ['https://example.test', 'null']],
  ['x-forwarded-for', ['127.0.0.1', 'x'.repeat(5_000)]],
]

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY']

const inBody =
  (mutation: Mutation): Fault =>
  (draft, body) => {
    draft.body = mutation(body === undefined ? {} : body)
    draft.headers['content-type'] ??= 'application/json'
  }

const inQuery = fc.oneof(
  fc.tuple(fc.nat(), odd).map(
    ([n, value]): Fault =>
      ({ query }) => {
        const one = query[n % Math.max(1, query.length)]
        if (one === undefined) query.push(['limit', value])
        else one[1] = value
      },
  ),
  fc.tuple(NAMES, odd).map(
    ([name, value]): Fault =>
      ({ query }) =>
        void query.push([name, value]),
  ),
  fc.nat().map(
    (n): Fault =>
      ({ query }) => {
        const one = query[n % Math.max(1, query.length)]
        if (one !== undefined) query.push([...one])
      },
  ),
  fc.nat().map(
    (n): Fault =>
      draft =>
        void draft.query.splice(n % Math.max(1, draft.query.length), 1),
  ),
)

const inPath = fc.oneof(
  fc.tuple(fc.nat(), odd).map(
    ([n, value]): Fault =>
      draft => {
        const parts = draft.target.split('/')
        parts[1 + (n % Math.max(1, parts.length - 1))] = value.replaceAll('?', '%3F')
        draft.target = parts.join('/')
      },
  ),
  fc
    .constantFrom<(target: string) => string>(
      target => `${target}/`,
      target => `/${target}`,
      target => target.replace('/v1', '/v1/.'),
      target => target.replace('/v1', '/v1/x/..'),
      target => target.toUpperCase(),
      target => `${target};x=1`,
      target => target.replaceAll('/', '%2f').replace('%2f', '/'),
      target => target.replace('o', '%6f'),
      target => `${target}%`,
      target => `${target}#x`,
      target => `${target}/nothing`,
      target => `http://example.test${target}`,
    )
    .map(
      (edit): Fault =>
        draft => {
          draft.target = edit(draft.target)
        },
    ),
)

const inHeaders = fc.constantFrom(...HEADERS).chain(([name, values]) =>
  fc.constantFrom(...values).map(
    (value): Fault =>
      draft => {
        draft.headers[name] = value
      },
  ),
)

const inMethod = fc.constantFrom(...METHODS).map(
  (method): Fault =>
    draft => {
      draft.method = method
    },
)

const brokenOff: Fault = draft => {
  draft.body ??= '{}'
  draft.headers['content-type'] ??= 'application/json'
  draft.breaksOff = true
}

export const faults: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 10, arbitrary: mutations.map(inBody) },
  { weight: 5, arbitrary: inQuery },
  { weight: 3, arbitrary: inPath },
  { weight: 5, arbitrary: inHeaders },
  { weight: 2, arbitrary: inMethod },
  { weight: 1, arbitrary: fc.constant(brokenOff) },
)
