// /v1/environments and jobs with an environment, over a real Redis, the real solver and the tutorial's channels on loopback; no cluster can
// be reached.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  Collection,
  DryRun,
  Environment,
  EnvironmentDiff,
  EnvironmentHistory,
  EnvironmentMade,
  EnvironmentPage,
  Job,
  Materialisation,
  type PartitionFacts,
  Problem,
} from '@trotline/contracts'
import { canonicalJson, LOCK_FORMATS, writeLock } from '@trotline/environment'
import { createFactsStore } from '../../apps/orchestrator/src/store/facts.ts'
import { type ChannelServer, serveChannels } from '../support/channel-server.ts'
import { fact, K80, kindOf } from '../support/compatibility.ts'
import { eventually } from '../support/eventually.ts'
import { clusterFacts, requestBody } from '../support/job-records.ts'
import { LOCKS_CHANNELS, largeLock, lockedConda, pinnedLock, tutorialLock } from '../support/locks.ts'
import { createRedisRig, type RedisRig, TOKENS } from '../support/orchestrator-store.ts'
import { longestBlock } from '../support/solving.ts'
import { buildTutorialChannels, TUTORIAL_PACKAGES, TUTORIAL_SPEC } from '../support/tutorial-channel.ts'

let rig: RedisRig
let channels: ChannelServer
let address: string
const folder = mkdtempSync(join(tmpdir(), 'trotline-channels-'))

const partition = (name: string, type: string | null, nodeKinds: PartitionFacts['nodeKinds']): PartitionFacts => ({
  name,
  maxTimeMinutes: null,
  maxCpusPerNode: 24,
  maxMemoryMiBPerNode: 120_000,
  gpus: type === null ? [] : [{ type, perNode: 4 }],
  preemption: null,
  nodeKinds,
})
const MEASURED = { glibc: fact('2.28'), cpuArch: fact('x86_64'), kernel: fact('4.18.0-553.el8_10.x86_64') }
const OLD = { ...K80, ...MEASURED, driver: fact('375.26') }
const PARTITIONS = [
  partition('shared', null, [kindOf(null, MEASURED)]),
  partition('gpuk80', 'k80', [kindOf('k80', { ...K80, ...MEASURED })]),
  partition('gpuold', 'k80', [kindOf('k80', OLD)]),
  partition('unprobed', 'k80', []),
]
const GPUK80 = { cluster: 'local', partition: 'gpuk80' }

before(async () => {
  await buildTutorialChannels(folder, { archives: false })
  channels = await serveChannels(folder)
  rig = await createRedisRig()
  const store = await rig.open()
  const environments = {
    channels: [...['pytorch', 'main'].map(name => ({ name, url: `${channels.url}/${name}` })), ...LOCKS_CHANNELS],
    repodata: { timeLimitSeconds: 60 },
  }
  const app = await rig.serve(store, { bodyBytes: 1_048_576 }, { environments })
  await createFactsStore(store.redis, store.prefix).writeFacts(clusterFacts({ partitions: PARTITIONS }))
  address = await app.http.listen({ host: '127.0.0.1', port: 0 })
})
after(async () => {
  await rig?.close()
  await channels?.close()
  rmSync(folder, { recursive: true, force: true })
})

type Ask = {
  who?: keyof typeof TOKENS
  headers?: Record<string, string>
  body?: unknown
  signal?: AbortSignal
}
async function ask(method: string, path: string, { who = 'ada', headers = {}, body, signal }: Ask = {}) {
  const answer = await fetch(address + path, {
    method,
    headers: {
      authorization: `Bearer ${TOKENS[who]}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, json: (): unknown => JSON.parse(text) }
}
type Answer = Awaited<ReturnType<typeof ask>>
function ok(answer: Answer, status = 200): unknown {
  assert.equal(answer.status, status, answer.text)
  return answer.json()
}
async function made(body: object, options: Ask = {}): Promise<EnvironmentMade> {
  return EnvironmentMade.parse(ok(await ask('POST', '/v1/environments', { ...options, body }), 201))
}
async function refused(
  answering: Promise<Answer>,
  status: number,
  code: string,
): Promise<Problem & { findings: NonNullable<Problem['findings']> }> {
  const answer = await answering
  const body = Problem.parse(answer.json())
  assert.deepEqual([answer.status, body.code], [status, code], answer.text)
  return { ...body, findings: body.findings ?? [] }
}
const post = (body: unknown, options: Ask = {}): Promise<Answer> =>
  ask('POST', '/v1/environments', { ...options, body })
const key = (text: string): Record<string, string> => ({ 'idempotency-key': text })

describe('a spec', () => {
  test('is solved for the measured facts of a partition, and its lock kept under its id', async () => {
    const one = await made({ spec: TUTORIAL_SPEC, target: GPUK80 })
    assert.equal(one.packages, TUTORIAL_PACKAGES)
    assert.equal(one.id, createHash('sha256').update(canonicalJson(one.lock)).digest('hex'))
    assert.equal(one.lock.conda.find(({ name }) => name === 'pytorch')?.version, '1.3.0')
    assert.equal(one.created, true)
    // Its TensorFlow 1.12 is the build for CPUs, as it was then.
    assert.deepEqual(
      [one.compatibility?.verdict, one.compatibility?.rule],
      ['compatible-with-warning', 'cpu-only'],
      one.compatibility?.detail,
    )
    assert.equal(one.compatibility?.facts?.driver?.value, '396.37')
    assert.ok(one.requirements.includes('CUDA 9.2 or newer (cudatoolkit)'), one.requirements.join())
    assert.equal(one.spec, TUTORIAL_SPEC)
    assert.deepEqual(one.solvedFor, GPUK80)
    assert.equal(one.snapshot?.channels.length, 4)
    const shown = Environment.parse(ok(await ask('GET', `/v1/environments/${one.id.slice(0, 8)}`, { who: 'bob' })))
    assert.deepEqual([shown.id, shown.createdBy, shown.on], [one.id, 'ada', []])
  })

  test('has the same lock in any order, as an object, and solved anew', async () => {
    const ids = new Set<string>()
    const dependencies = TUTORIAL_SPEC.split('\n')
      .filter(line => /^ {2}- /.test(line))
      .slice(2)
      .map(line => line.slice(4))
    for (const turned of [dependencies, dependencies.toReversed(), dependencies.toSorted()]) {
      const spec = { channels: ['pytorch', 'main'], dependencies: turned }
      ids.add((await made({ spec, target: GPUK80, repodata: 'fresh' })).id)
    }
    ids.add((await made({ spec: TUTORIAL_SPEC, target: { virtualPackages: { __cuda: '9.2', __glibc: '2.28' } } })).id)
    assert.equal(ids.size, 1)
  })

  test('that was solved a moment ago is not solved again', async () => {
    await made({ spec: TUTORIAL_SPEC, target: GPUK80 })
    const before = channels.requests.length
    const again = await made({ spec: TUTORIAL_SPEC, target: GPUK80 })
    assert.deepEqual([again.created, channels.requests.length], [false, before])
    const snapshot = again.snapshot?.id ?? assert.fail()
    assert.equal((await made({ spec: TUTORIAL_SPEC, target: GPUK80, repodata: { snapshot } })).id, again.id)
  })

  test('that the driver does not allow is refused in our words first, then the solver’s', async () => {
    const target = { cluster: 'local', partition: 'gpuold' }
    const { detail, findings } = await refused(post({ spec: TUTORIAL_SPEC, target }), 422, 'environment-impossible')
    assert.match(detail, /needs a driver for CUDA 9\.2 because of cudatoolkit 9\.2; partition gpuold offers 8\.0/)
    assert.equal(findings[0]?.detail, detail)
    assert.match(findings.at(-1)?.detail ?? '', /^The solver says:\n[\s\S]*__cuda/)
  })

  test('that two ask for at once, in words of their own, is refused to each in theirs', async () => {
    const virtualPackages = {
      __archspec: 'x86_64',
      __cuda: '8.0',
      __cuda_arch: '3.7',
      __glibc: '2.28',
      __linux: '4.18.0',
    }
    const targets = [
      { cluster: 'local', partition: 'gpuold' },
      { platform: 'linux-64', virtualPackages },
    ]
    const [first, second] = await Promise.all(
      targets.map(target =>
        refused(post({ spec: TUTORIAL_SPEC, target, repodata: 'fresh' }), 422, 'environment-impossible'),
      ),
    )
    assert.match(first?.detail ?? '', /; partition gpuold offers 8\.0\.$/)
    assert.match(second?.detail ?? '', /; the target offers 8\.0\.$/)
  })

  test('for a GPU of which no driver is known is refused, with what is missing', async () => {
    const target = { cluster: 'local', partition: 'unprobed' }
    const { findings } = await refused(post({ spec: TUTORIAL_SPEC, target }), 422, 'environment-impossible')
    assert.equal(findings[0]?.pointer, '/target')
  })

  test('has to come with a target, and a target is one that is there', async () => {
    const missing = await refused(post({ spec: TUTORIAL_SPEC }), 400, 'invalid-request')
    assert.equal(missing.findings[0]?.pointer, '/target')
    const both = await refused(post({ spec: TUTORIAL_SPEC, lock: '@EXPLICIT', target: GPUK80 }), 400, 'invalid-request')
    assert.match(both.detail, /either spec or lock/)
    const nowhere = await refused(
      post({ spec: TUTORIAL_SPEC, target: { cluster: 'local', partition: 'gpuk8' } }),
      422,
      'request-refused',
    )
    assert.deepEqual([nowhere.findings[0]?.pointer, nowhere.findings[0]?.found], ['/target/partition', 'gpuk8'])
  })

  const bomb = `a: &a [${'x,'.repeat(9)}x]\n${'bcdefghi'
    .split('')
    .map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]},`.repeat(9)}*${'abcdefgh'[i]}]`)
    .join('\n')}\ndependencies: *i\n`
  const REFUSED: [what: string, spec: unknown, pointer: RegExp, said: RegExp][] = [
    ['shell text', { channels: ['main'], dependencies: ['python; rm -rf ~'] }, /^\/spec\/dependencies\/0$/, /rm -rf/],
    ['a substitution', 'dependencies:\n  - "$(reboot)"\n', /^\/spec\/dependencies\/0$/, /reboot.*Line 2/],
    ['a path', { channels: ['main'], dependencies: ['../../etc/passwd'] }, /^\/spec\/dependencies\/0$/, /passwd/],
    ['a path as a channel', { channels: ['file:///etc'], dependencies: ['a'] }, /^\/spec\/channels\/0$/, /file:/],
    ['a token in a channel', { channels: ['https://x.test/t/secret/main'], dependencies: ['a'] }, /channels/, /token/],
    ['an option of pip', { channels: ['main'], dependencies: [{ pip: ['-r /etc/x'] }] }, /\/pip\/0$/, /-r/],
    ['a YAML bomb', bomb, /^\/spec/, /alias|anchor/i],
    ['10,000 lines', `dependencies:\n${'  - python\n'.repeat(5000)}`, /^\/spec/, /lines/],
    ['an unknown key', { channels: ['main'], dependencies: ['a'], prefixes: 1 }, /^\/spec\/prefixes$/, /prefixes/],
    ['variables', { channels: ['main'], dependencies: ['a'], variables: { A: 'b' } }, /\/variables$/, /variables/],
    ['no map at all', 'just words', /^\/spec$/, /map/],
  ]
  for (const [what, spec, pointer, said] of REFUSED)
    test(`with ${what} is refused by name, and nothing is asked`, async () => {
      const before = channels.requests.length
      const { detail, findings } = await refused(post({ spec, target: GPUK80 }), 422, 'environment-refused')
      assert.match(findings[0]?.pointer ?? '', pointer)
      assert.match(`${detail} ${findings[0]?.detail}`, said)
      assert.equal(channels.requests.length, before)
    })

  test('longer than any is, is refused by its length', async () => {
    const { findings } = await refused(post({ spec: '#'.repeat(70_000), target: GPUK80 }), 400, 'invalid-request')
    assert.equal(findings[0]?.pointer, '/spec')
  })

  test('with a channel that is not configured is refused, and its host is never asked', async () => {
    const spec = { channels: ['https://elsewhere.example.test/main'], dependencies: ['python'] }
    const { findings } = await refused(post({ spec, target: GPUK80 }), 422, 'environment-refused')
    assert.match(findings[0]?.detail ?? '', /elsewhere\.example\.test/)
  })

  test('of a channel that fails is answered as what the channel did, and the server stays up', async () => {
    const spec = { channels: ['main'], dependencies: ['python<3.7', 'numpy'] }
    const asked = { spec, target: GPUK80, repodata: 'fresh' }
    for (const [behaviour, status, code] of [
      [{ kind: 'status', status: 500 }, 503, 'channel-unreachable'],
      [{ kind: 'status', status: 404 }, 502, 'channel-unusable'],
      [{ kind: 'status', status: 401 }, 502, 'channel-unusable'],
      [{ kind: 'body', body: '<html>' }, 502, 'channel-unusable'],
    ] as const) {
      channels.behave(/\/main\//, behaviour)
      const { detail } = await refused(post(asked), status, code)
      assert.match(detail, /main/)
      channels.behaveWell()
    }
    assert.equal((await ask('GET', '/healthz')).status, 200)
    assert.equal((await post(asked)).status, 201)
  })
})

describe('a solve as server-sent events', () => {
  const events = (text: string): { event: string; data: unknown }[] =>
    text
      .split('\n\n')
      .filter(part => part.startsWith('event: '))
      .map(part => {
        const [first = '', second = ''] = part.split('\n')
        return { event: first.slice(7), data: JSON.parse(second.slice(6)) as unknown }
      })
  const follow = { accept: 'text/event-stream' }

  test('tells how far it is, and ends with the environment', async () => {
    const answer = await post({ spec: TUTORIAL_SPEC, target: GPUK80, repodata: 'fresh' }, { headers: follow })
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
    const told = events(answer.text)
    const last = told.at(-1)
    assert.equal(last?.event, 'environment')
    assert.equal(EnvironmentMade.parse(last?.data).packages, TUTORIAL_PACKAGES)
    const steps = told.filter(({ event }) => event === 'progress').map(({ data }) => (data as { step: string }).step)
    assert.ok(steps.includes('repodata') && steps.includes('solve'), steps.join())
  })

  test('ends with the problem, where there is one', async () => {
    const target = { cluster: 'local', partition: 'gpuold' }
    const last = events((await post({ spec: TUTORIAL_SPEC, target }, { headers: follow })).text).at(-1)
    assert.deepEqual([last?.event, Problem.parse(last?.data).code], ['problem', 'environment-impossible'])
  })

  test('of what is wrong before anything is solved is no stream at all', async () => {
    const answer = await post({ spec: 'x', lock: 'y' }, { headers: follow })
    assert.deepEqual([answer.status, Problem.parse(answer.json()).code], [400, 'invalid-request'])
  })

  for (const [how, headers] of [
    ['a stream', follow],
    ['an answer', {}],
  ] as const)
    test(`is given up when the reader of ${how} goes`, async () => {
      channels.behave(/\/main\//, { kind: 'hang' })
      try {
        const before = channels.requests.length
        const gone = new AbortController()
        const spec = { channels: ['main'], dependencies: ['python<3.7', 'scipy'] }
        const asking = post({ spec, target: GPUK80, repodata: 'fresh' }, { headers, signal: gone.signal })
        asking.catch(() => undefined)
        await eventually('the channel is asked', async () => channels.requests.length > before)
        gone.abort()
        await assert.rejects(asking)
        channels.behaveWell()
        // The one place for solving is free again.
        const again = await post({ spec, target: GPUK80, repodata: 'fresh' })
        assert.equal(again.status, 201, again.text)
      } finally {
        channels.behaveWell()
      }
    })
})

describe('a lock', () => {
  for (const format of LOCK_FORMATS)
    test(`in the form of ${format} is read, kept without a solve, and given out as it was`, async () => {
      const { id, lock } = tutorialLock()
      const text = writeLock({ id, lock }, format).text
      const before = channels.requests.length
      const kept = await made({ lock: text })
      assert.deepEqual([kept.id, kept.lock, kept.spec, kept.compatibility], [id, lock, null, null])
      assert.equal(channels.requests.length, before)
      const out = await ask('GET', `/v1/environments/${id}/lock?format=${format}`)
      assert.equal(out.status, 200)
      assert.equal(out.headers.get('trotline-lock'), id)
      assert.ok(Array.isArray(JSON.parse(out.headers.get('trotline-lock-lacks') ?? '')))
      assert.equal((await made({ lock: out.text })).id, id)
    })

  test('is judged where its target is, and kept whatever the verdict', async () => {
    const { lock } = tutorialLock()
    const { compatibility } = await made({ lock, target: { cluster: 'local', partition: 'gpuold' } })
    assert.equal(compatibility?.verdict, 'incompatible')
    assert.match(compatibility?.detail ?? '', /partition gpuold offers 8\.0/)
  })

  test('that cannot be read is refused, with where', async () => {
    const { findings } = await refused(
      post({ lock: '@EXPLICIT\nhttps://conda.example.test/main/linux-64/python-3.6.9-0.tar.bz2\n' }),
      422,
      'environment-refused',
    )
    assert.match(findings[0]?.pointer ?? '', /^\/lock/)
    assert.match(findings[0]?.detail ?? '', /Line 2/)
    const unknown = await refused(post({ lock: { ...tutorialLock().lock, more: 1 } }), 422, 'environment-refused')
    assert.match(unknown.detail, /more/)
  })

  test('of 5,000 packages is taken and given out while others are answered', async () => {
    const large = largeLock(5000)
    const text = writeLock(large, 'conda-lock').text
    let answers = 0
    const { value: kept, blockedMs } = await longestBlock(async () => {
      let done = false
      const keeping = made({ lock: text }).finally(() => {
        done = true
      })
      for (; !done; answers += 1) {
        assert.equal((await fetch(`${address}/healthz`)).status, 200)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      return keeping
    })
    assert.equal(kept.id, large.id)
    // A parse on the event loop would take over a second, and nobody would be answered meanwhile.
    assert.ok(blockedMs < 700 && answers > 2, `${answers} answers; nobody was answered for ${blockedMs} ms`)
    const out = await ask('GET', `/v1/environments/${large.id}/lock`)
    assert.equal(createHash('sha256').update(out.text).digest('hex'), large.id)
  })

  test('larger than twelve mebibytes is refused by its length, and no JSON as that', async () => {
    await refused(post(`{"lock":"${'x'.repeat(12 * 1_048_576)}"}`), 413, 'body-too-large')
    await refused(post('{"lock":'), 400, 'invalid-request')
    await refused(post('{"__proto__":{"lock":""}}'), 400, 'invalid-request')
  })
})

describe('names', () => {
  const other = pinnedLock({ conda: [lockedConda('python', '3.7.0')] })

  test('keep their versions, and the same lock adds none', async () => {
    const first = await made({ name: 'ml', lock: tutorialLock().lock })
    assert.ok(first.names.includes('ml@1'))
    assert.ok((await made({ name: 'ml', lock: other.lock })).names.includes('ml@2'))
    assert.deepEqual((await made({ name: 'ml', lock: other.lock })).names, ['ml@2'])
    const history = EnvironmentHistory.parse(ok(await ask('GET', '/v1/environments/names/ml', { who: 'bob' })))
    assert.deepEqual(
      history.versions.map(({ version, lock, by }) => [version, lock, by]),
      [
        [2, other.id, 'ada'],
        [1, tutorialLock().id, 'ada'],
      ],
    )
    for (const [reference, id] of [
      ['ml', other.id],
      ['ml@2', other.id],
      ['ml@1', tutorialLock().id],
    ] as const)
      assert.equal(Environment.parse(ok(await ask('GET', `/v1/environments/${reference}`))).id, id)
    const listed = EnvironmentPage.parse(ok(await ask('GET', '/v1/environments?name=ml&limit=1')))
    assert.deepEqual([listed.items.map(({ id }) => id), listed.nextCursor], [[other.id], other.id])
  })

  test('belong to whoever used them first: others use them, and only operators add to them', async () => {
    await made({ name: 'ours', lock: other.lock })
    const { findings } = await refused(
      post({ name: 'ours', lock: tutorialLock().lock }, { who: 'bob' }),
      403,
      'forbidden',
    )
    assert.equal(findings[0]?.pointer, '/name')
    assert.ok((await made({ name: 'ours', lock: tutorialLock().lock }, { who: 'staff' })).names.includes('ours@2'))
    assert.equal((await ask('GET', '/v1/environments/ours', { who: 'bob' })).status, 200)
  })

  test('that several claim at the same moment have one owner and no gap', async () => {
    const locks = Array.from({ length: 12 }, (_, i) => pinnedLock({ conda: [lockedConda('python', `3.${i}.1`)] }))
    await Promise.all(locks.map(({ lock }) => made({ name: 'raced', lock })))
    const { versions } = EnvironmentHistory.parse(ok(await ask('GET', '/v1/environments/names/raced')))
    assert.deepEqual(
      versions.map(({ version }) => version),
      locks.map((_, i) => 12 - i),
    )
    assert.equal(new Set(versions.map(({ lock }) => lock)).size, 12)
  })

  test('and ids that lead nowhere, or to several, are 404 with what there is', async () => {
    const missing = (path: string) => refused(ask('GET', `/v1/environments/${path}`), 404, 'environment-not-found')
    await missing('f'.repeat(64))
    await missing('nothing')
    assert.match((await missing('ml@9')).detail, /its newest is 2/)
    await missing('0123456')
    await missing('..%2f..%2fetc')
    await refused(ask('GET', '/v1/environments/names/-x'), 404, 'environment-not-found')
  })
})

test('environments are listed newest first, page by page', async () => {
  const ids: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`
    const page: EnvironmentPage = EnvironmentPage.parse(ok(await ask('GET', `/v1/environments?limit=3${query}`)))
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor
  }
  assert.equal(new Set(ids).size, ids.length)
  const all = EnvironmentPage.parse(ok(await ask('GET', '/v1/environments?limit=200'))).items
  assert.deepEqual(
    ids,
    all.map(({ id }) => id),
  )
  const times = all.map(({ createdAt }) => createdAt)
  assert.deepEqual(times, times.toSorted().reverse())
  await refused(ask('GET', '/v1/environments?cursor=zz'), 400, 'invalid-request')
})

test('two environments are compared in words', async () => {
  const newer = pinnedLock({
    conda: [lockedConda('python', '3.7.0'), lockedConda('pytorch', '1.3.0', 'py3.7_cpu_0', 'pytorch')],
  })
  const [from, to] = [await made({ lock: tutorialLock().lock }), await made({ lock: newer.lock })]
  const diff = EnvironmentDiff.parse(ok(await ask('GET', `/v1/environments/${from.id}/diff/${to.id.slice(0, 12)}`)))
  assert.deepEqual([diff.from, diff.to], [from.id, to.id])
  assert.match(diff.text, /No package asks for a CUDA of the nodes any more; before, 9\.2 was needed/)
  assert.deepEqual(diff.changes.find(({ name }) => name === 'cudatoolkit')?.kind, 'removed')
})

test('an Idempotency-Key sent again gets what it made, and another request under it is refused', async () => {
  const body = { lock: tutorialLock().lock, name: 'keyed' }
  const first = await post(body, { headers: key('k1') })
  const again = await post(body, { headers: key('k1') })
  assert.deepEqual([first.status, again.status, again.headers.get('idempotency-replayed')], [201, 201, 'true'])
  assert.equal(EnvironmentMade.parse(again.json()).created, false)
  const other = { ...body, lock: pinnedLock({ conda: [lockedConda('python', '3.8.0')] }).lock }
  await refused(post(other, { headers: key('k1') }), 409, 'idempotency-key-reused')
})

describe('a job with an environment', () => {
  const job = (environment: unknown, resources: object = { partition: 'gpuk80', gpus: 1 }) => ({
    ...requestBody(resources),
    environment,
    training: { kind: 'command', command: ['python', 'train.py'] },
  })
  const submit = (body: unknown, options: Ask = {}): Promise<Answer> => ask('POST', '/v1/jobs', { ...options, body })
  const accepted = async (body: unknown): Promise<Job> => Job.parse(ok(await submit(body), 202))

  test('is pinned to the lock that its spec was solved to, its name or id stand for', async () => {
    const { id } = await made({ name: 'tutorial', spec: TUTORIAL_SPEC, target: GPUK80 })
    const bySpec = await accepted(job({ spec: TUTORIAL_SPEC }))
    assert.deepEqual(bySpec.environment, { lock: id, name: null, look: null })
    assert.match(bySpec.compatibility.verdict, /^compatible/)
    assert.deepEqual((await accepted(job({ name: 'tutorial' }))).environment, {
      lock: id,
      name: 'tutorial@1',
      look: null,
    })
    assert.deepEqual((await accepted(job({ lock: id }))).environment, { lock: id, name: null, look: null })
  })

  test('goes on with the version that it was pinned to when the name goes on', async () => {
    await made({ name: 'moving', lock: tutorialLock().lock })
    const first = await accepted(job({ name: 'moving' }))
    await made({ name: 'moving', lock: pinnedLock({ conda: [lockedConda('python', '3.6.1')] }).lock })
    assert.equal(Job.parse(ok(await ask('GET', `/v1/jobs/${first.id}`))).environment?.name, 'moving@1')
  })

  test('is refused where the driver is too old: by its lock, and by its spec, in our words first', async () => {
    const { id } = await made({ lock: tutorialLock().lock })
    const sentence = /needs a driver for CUDA 9\.2 because of cudatoolkit 9\.2; partition gpuold offers 8\.0/
    const old = { partition: 'gpuold', gpus: 1 }
    const byLock = await refused(submit(job({ lock: id }, old)), 422, 'incompatible')
    assert.match(byLock.findings[0]?.detail ?? '', sentence)
    assert.match(byLock.detail, sentence)
    const spec = { channels: ['main'], dependencies: ['cudatoolkit=9.2'] }
    const bySpec = await submit(job({ spec }, old))
    assert.equal(bySpec.status, 422, bySpec.text)
    assert.match(bySpec.text, /9\.2/)
  })

  test('whose spec cannot run is told what would, and that is accepted when it is sent', async () => {
    const spec = { channels: ['pytorch', 'main'], dependencies: ['python=3.6', 'pytorch::pytorch=1.3.1=*cuda10.1*'] }
    const { nearest = [] } = await refused(submit(job({ spec })), 422, 'incompatible')
    const lines = nearest.filter(one => one.partition === null && one.install?.includes('::')).map(one => one.install)
    assert.ok(lines.length > 0, JSON.stringify(nearest))
    let solved = 0
    for (const line of lines) {
      const again = await submit(job({ spec: { ...spec, dependencies: [...(line ?? '').split(/\s+and\s+|,\s+/)] } }))
      if (again.status === 202) solved++
      // What the judge suggests may be no part of a channel as small as this one.
      else assert.equal(Problem.parse(again.json()).code, 'environment-impossible', again.text)
    }
    assert.ok(solved > 0, `none of ${lines.join(' | ')} could be solved`)
  })

  test('tried dry tells the lock that it would run with', async () => {
    const dry = DryRun.parse(ok(await ask('POST', '/v1/jobs?dryRun=true', { body: job({ spec: TUTORIAL_SPEC }) })))
    assert.ok(dry.environment)
    assert.equal((await ask('GET', `/v1/environments/${dry.environment.lock}`)).status, 200)
  })

  test('that leads nowhere, cannot be read or cannot be solved is refused, and nothing is stored', async () => {
    const count = async (): Promise<number> =>
      (ok(await ask('GET', '/v1/jobs?limit=200')) as { items: unknown[] }).items.length
    const before = await count()
    await refused(submit(job({ name: 'no-such' })), 404, 'environment-not-found')
    await refused(submit(job({ lock: 'a'.repeat(64) })), 404, 'environment-not-found')
    const unread = await refused(
      submit(job({ spec: { channels: ['main'], dependencies: ['python;id'] } })),
      422,
      'environment-refused',
    )
    assert.equal(unread.findings[0]?.pointer, '/environment/spec/dependencies/0')
    await refused(
      submit(job({ spec: { channels: ['main'], dependencies: ['no-such-package'] } })),
      422,
      'environment-impossible',
    )
    const noDriver = await refused(
      submit(job({ spec: TUTORIAL_SPEC }, { partition: 'unprobed', gpus: 1 })),
      422,
      'environment-impossible',
    )
    assert.equal(noDriver.findings[0]?.pointer, '/resources/partition')
    assert.equal(await count(), before)
  })

  test('whose spec is nested for ever is refused at its place', async () => {
    const body = JSON.stringify(job({ spec: { channels: ['main'], dependencies: 'here' } }))
    const nested = (deep: number) => body.replace('"here"', '['.repeat(deep) + ']'.repeat(deep))
    const [known, endless] = [nested(100), nested(20_000)]
    const { findings } = await refused(submit(known), 400, 'invalid-request')
    assert.match(findings.map(({ detail }) => detail).join(), /more than 16 levels/)
    const without = await refused(submit(endless), 400, 'invalid-request')
    assert.match(without.findings[0]?.pointer ?? '', /^\/environment\/spec\/dependencies(\/0)+$/)
    assert.match(without.detail, /more than 200 deep/)
  })

  test('of a channel that this server takes nothing from is refused, and is not made either', async () => {
    const elsewhere = {
      ...lockedConda('python', '3.6.9'),
      url: 'https://elsewhere.example.test/main/linux-64/python-3.6.9-0.tar.bz2',
    }
    const { id } = await made({ lock: pinnedLock({ conda: [elsewhere] }).lock })
    const byJob = await refused(submit(job({ lock: id }, { partition: 'shared' })), 422, 'request-refused')
    assert.match(
      byJob.detail,
      /packages of https:\/\/elsewhere\.example\.test\/main, and this server takes none from there/,
    )
    await refused(ask('POST', `/v1/environments/${id}/clusters/local`), 422, 'request-refused')
  })

  test('without GPUs is held against the nodes all the same', async () => {
    const requires = { name: '__glibc', requires: '>=2.34', presence: 'required' as const, by: ['python'] }
    const { id } = await made({ lock: pinnedLock({ virtualPackages: [requires] }).lock })
    const { detail } = await refused(submit(job({ lock: id }, { partition: 'shared' })), 422, 'incompatible')
    assert.match(detail, /needs glibc 2\.34 because of python 3\.6\.9; partition shared has 2\.28/)
    await made({ name: 'cpu', lock: tutorialLock().lock })
    assert.equal((await accepted(job({ name: 'cpu' }, { partition: 'shared' }))).compatibility.verdict, 'compatible')
  })

  test('that needs packages of pip is refused where nobody can get them', async () => {
    const pip = [{ name: 'six', version: '1.16.0', sha256: ['b'.repeat(64)] }]
    const { id } = await made({ lock: pinnedLock({ pip }).lock })
    const { findings } = await refused(submit(job({ lock: id }, { partition: 'shared' })), 422, 'request-refused')
    assert.deepEqual([findings[0]?.pointer, /six/.test(findings[0]?.detail ?? '')], ['/environment', true])
  })
})

describe('an environment on a cluster', () => {
  const lock = pinnedLock({ conda: [lockedConda('python', '3.6.5')] })
  const on = (path = '', id = lock.id): string => `/v1/environments/${id}/clusters/local${path}`
  before(() => made({ lock: lock.lock }))

  test('is not there until it is asked for, and then waits to be made', async () => {
    await refused(ask('GET', on()), 404, 'environment-not-made')
    await refused(ask('POST', on('/verify')), 404, 'environment-not-made')
    const wanted = Materialisation.parse(ok(await ask('POST', on(), { headers: key('make-1') }), 202))
    assert.deepEqual([wanted.state, wanted.lock, wanted.cluster], ['wanted', lock.id, 'local'])
    assert.equal(Materialisation.parse(ok(await ask('GET', on()))).state, 'wanted')
    assert.equal(Materialisation.parse(ok(await ask('POST', on(), { headers: key('make-1') }), 202)).state, 'wanted')
    await refused(ask('POST', on('/verify'), { headers: key('make-1') }), 409, 'idempotency-key-reused')
    const shown = Environment.parse(ok(await ask('GET', `/v1/environments/${lock.id}`)))
    assert.deepEqual(
      shown.on.map(({ cluster }) => cluster),
      ['local'],
    )
  })

  test('is taken away by whoever brought it, and by operators', async () => {
    await refused(ask('DELETE', on(), { who: 'bob' }), 403, 'forbidden')
    assert.equal(Materialisation.parse(ok(await ask('DELETE', on()), 202)).lock, lock.id)
  })

  test('of a cluster that there is not is 404', async () => {
    await refused(ask('POST', `/v1/environments/${lock.id}/clusters/nowhere`), 404, 'cluster-not-found')
    await refused(ask('GET', `/v1/environments/${lock.id}/clusters/nowhere/log`), 404, 'cluster-not-found')
  })

  test('has a log that the cluster’s owner is asked for', async () => {
    await ask('POST', on())
    await refused(ask('GET', on('/log')), 503, 'cluster-unreachable')
    await refused(ask('GET', on('/log?offset=1&tail=1')), 400, 'invalid-request')
  })

  test('is collected by operators, who may look first', async () => {
    const collect = (options: Ask) => ask('POST', '/v1/clusters/local/environments/collect', options)
    await refused(collect({ body: { dryRun: true } }), 403, 'forbidden')
    const looked = Collection.parse(ok(await collect({ who: 'staff', body: { unusedDays: 0, dryRun: true } })))
    assert.deepEqual([looked.dryRun, looked.unusedDays, looked.cluster], [true, 0, 'local'])
    assert.equal(Collection.parse(ok(await collect({ who: 'staff' }))).unusedDays, 90)
    await refused(collect({ who: 'staff', body: { days: 1 } }), 400, 'invalid-request')
  })
})
