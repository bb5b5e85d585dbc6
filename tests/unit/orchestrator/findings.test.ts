import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Finding, JobRequest } from '@trotline/contracts'
import { z } from 'zod'
import { compileValidator, findingsOf, type RequestMisfit } from '../../../apps/orchestrator/src/http/findings.ts'
import { requestBody } from '../../support/job-records.ts'

function findings(
  data: unknown,
  schema: z.ZodType = JobRequest,
  place?: RequestMisfit['validationContext'],
): Finding[] {
  const checked = compileValidator({ schema })(data)
  if (!('error' in checked)) assert.fail('the data fits')
  if (place) checked.error.validationContext = place
  const found = checked.error.findings()
  for (const finding of found) Finding.parse(finding)
  return found
}
const put = (path: string, value: unknown): unknown => {
  const body = structuredClone(requestBody()) as Record<string, unknown>
  const keys = path.split('/').slice(1)
  const last = keys.pop() ?? ''
  let at = body
  for (const key of keys) {
    const inside = (at[key] ?? {}) as Record<string, unknown>
    at[key] = inside
    at = inside
  }
  at[last] = value
  return body
}
const one = (found: Finding[]): Finding =>
  found.length === 1 && found[0] ? found[0] : assert.fail(JSON.stringify(found))

describe('findings', () => {
  test('a body that fits is answered with every default filled in', () => {
    const checked = compileValidator({ schema: JobRequest })(requestBody())
    assert.deepEqual('value' in checked && JobRequest.parse(checked.value).resources.cpus, 1)
  })

  const WRONG: [pointer: string, value: unknown, detail: RegExp][] = [
    ['/name', 'a\nb', /^name is not a job name/],
    ['/name', 42, /^name is not right: expected string/],
    ['/resources/cpus', 0, /^resources\.cpus is not right/],
    ['/resources/cpus', 1.5, /^resources\.cpus is not right/],
    ['/resources/memoryMiB', -1, /^resources\.memoryMiB is not right/],
    ['/resources/partition', "a'; rm -rf /", /^resources\.partition is not a Slurm name/],
    ['/resources/requeue', 'yes', /^resources\.requeue is not right: expected boolean/],
    ['/training/epochs', 1e9, /^training\.epochs is not right/],
    ['/training/preset', 'mnist', /^training\.preset is not right/],
    ['/training/kind', 'magic', /^training\.kind /],
  ]
  for (const [pointer, value, detail] of WRONG) {
    test(`${pointer} ${JSON.stringify(value)} is pointed at and named`, () => {
      const finding = one(findings(put(pointer, value)))
      assert.equal(finding.pointer, pointer)
      assert.match(finding.detail, detail)
    })
  }

  test('several faults are all told', () => {
    const body = { ...requestBody({ cpus: -1, memoryMiB: 1 }), name: '' }
    assert.deepEqual(
      findings(body)
        .map(({ pointer }) => pointer)
        .toSorted(),
      ['/name', '/resources/cpus', '/resources/memoryMiB'],
    )
  })

  test('what is missing is pointed at where it should stand', () => {
    const { training: _, ...body } = requestBody()
    assert.equal(one(findings(body)).pointer, '/training')
  })

  test('an unknown field is refused by name, with the one that was probably meant', () => {
    const finding = one(findings(put('/resources/memoryMib', 1)))
    assert.equal(finding.pointer, '/resources/memoryMib')
    assert.equal(finding.detail, '"memoryMib" is not a field of resources; did you mean memoryMiB?')
    assert.match(finding.required ?? '', /partition/)
  })

  test('an unknown field that looks like nothing gets no guess', () => {
    assert.doesNotMatch(one(findings(put('/walltime', 1))).detail, /did you mean/)
  })

  test('every unknown field is told, at every depth', () => {
    const body = { ...requestBody(), priority: 1, extra: {} } as Record<string, unknown>
    body.training = { kind: 'preset', preset: 'auto-mpg', epoch: 5 }
    assert.deepEqual(
      findings(body)
        .map(({ pointer }) => pointer)
        .toSorted(),
      ['/extra', '/priority', '/training/epoch'],
    )
  })

  test('an unknown field of a preset is compared with the fields of training', () => {
    assert.match(one(findings(put('/training/epoch', 5))).detail, /did you mean epochs\?/)
  })

  test('of a union the nearest branch is told', () => {
    const finding = one(findings(put('/environment', { lock: 'abc' })))
    assert.equal(finding.pointer, '/environment/lock')
    assert.match(finding.detail, /sha256/)
  })

  test('a slash and a tilde in a name are escaped in the pointer', () => {
    const pointer = one(findings(put('/a~1b', 1))).pointer
    assert.equal(pointer, '/a~01b')
    assert.equal(one(findings({ ...requestBody(), 'c/d': 1 })).pointer, '/c~1d')
  })

  test('a body that is no object at all is told as the request', () => {
    for (const body of [undefined, null, 'text', 7, []]) {
      const finding = one(findings(body))
      assert.equal(finding.pointer, '')
      assert.match(finding.detail, /^the request is not right: expected object/)
    }
  })

  test('query parameters and headers are named as such', () => {
    const schema = z.strictObject({ limit: z.coerce.number().int() })
    assert.equal(one(findings({ limit: 'many' }, schema, 'querystring')).pointer, '?limit')
    assert.equal(one(findings({ limit: 1, lmit: 2 }, schema, 'querystring')).pointer, '?lmit')
    assert.equal(one(findings({ limit: 'x' }, schema, 'headers')).pointer, 'header limit')
  })

  test('a thousand faults are not a thousand findings', () => {
    const body = { ...requestBody(), ...Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x${i}`, i])) }
    assert.equal(findings(body).length, 50)
  })

  test('what a reader sent is not sent back whole', () => {
    const finding = one(findings(put('/name', 'x'.repeat(100_000))))
    assert.ok(JSON.stringify(finding).length < 1_000)
  })

  test('issues without a schema are still told', () => {
    const parsed = z.strictObject({ a: z.string() }).safeParse({ a: 'x', b: 1 })
    assert.equal(
      findingsOf(parsed.error?.issues ?? [], 'body', undefined)[0]?.detail,
      '"b" is not a field of the request',
    )
  })
})
