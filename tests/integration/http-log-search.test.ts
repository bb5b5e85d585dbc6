// A search through a log where it lies, by the grep of the machine: true counts, exact offsets, and limits that hold.
import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { LogSearch, MOST_SEARCH_MATCHES, type Problem, SEARCH_LINE_BYTES } from '@trotline/contracts'
import type { App } from '../../apps/orchestrator/src/app.ts'
import { jobWithLog } from '../support/job-with-log.ts'
import { answerAsOwner } from '../support/local-owner.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

const GIB = 1_073_741_824

describe('a search through a log', () => {
  let rig: RedisRig
  let store: Store
  let app: App
  let owner: Awaited<ReturnType<typeof answerAsOwner>>
  const workDir = mkdtempSync(join(tmpdir(), 'trotline-search-'))
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open()
    app = await rig.serve(store, {}, { cluster: { workDir } })
    owner = await answerAsOwner(store)
  })
  after(async () => {
    await owner.close()
    await rig.close()
    rmSync(workDir, { recursive: true, force: true })
  })

  async function search(id: string, query: Record<string, string>, who: keyof typeof TOKENS = 'ada') {
    const answer = await app.http.inject({
      url: `/v1/jobs/${id}/logs?${new URLSearchParams(query)}`,
      headers: { authorization: `Bearer ${TOKENS[who]}` },
    })
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() as unknown }
  }
  async function found(id: string, query: Record<string, string>): Promise<LogSearch> {
    const { status, body } = await search(id, query)
    assert.equal(status, 200, JSON.stringify(body))
    return LogSearch.parse(body)
  }
  const refusal = async (id: string, query: Record<string, string>): Promise<[number, string, string | undefined]> => {
    const { status, body } = await search(id, query)
    const { code, findings } = body as Problem
    return [status, code, findings?.[0]?.pointer]
  }

  test('answers the lines that match with their offsets, and counts them all', async () => {
    const text = 'begin\nloss 0.5\nnothing\nthe loss 0.25 of a.b\nLOSS\n'
    const { id } = await jobWithLog(store, workDir, text)
    const { seconds, ...answer } = await found(id, { grep: 'loss' })
    assert.deepEqual(answer, {
      attempt: 1,
      matches: [
        { offset: 6, column: 0, text: 'loss 0.5', cut: false },
        { offset: 23, column: 4, text: 'the loss 0.25 of a.b', cut: false },
      ],
      count: 2,
      bytes: text.length,
      complete: true,
      stopped: null,
    })
    assert.ok(seconds > 0)
    for (const { offset, column, text: line } of answer.matches)
      assert.equal(text.slice(offset + (column ?? 0), offset + (line?.length ?? 0)), line?.slice(column ?? 0))
    assert.equal((await found(id, { grep: 'loss', ignoreCase: 'true' })).count, 3)
  })

  test('takes a text word for word, and a regular expression only where one is asked for', async () => {
    const { id } = await jobWithLog(store, workDir, 'a.b\naxb\n-v\n$(touch x) `id`; rm "\'\\\n')
    const lines = async (query: Record<string, string>) => (await found(id, query)).matches.map(match => match.text)
    assert.deepEqual(await lines({ grep: 'a.b' }), ['a.b'])
    assert.deepEqual(await lines({ grep: 'a.b', regex: 'true' }), ['a.b', 'axb'])
    assert.deepEqual(await lines({ grep: '-v' }), ['-v'])
    assert.deepEqual(await lines({ grep: '$(touch x) `id`; rm "\'\\' }), ['$(touch x) `id`; rm "\'\\'])
    assert.deepEqual(await lines({ grep: '^(a.b|-v)$', regex: 'true' }), ['a.b', 'axb', '-v'])
    assert.deepEqual(await lines({ grep: 'nowhere' }), [])
  })

  test('shows the first lines only and counts on', async () => {
    const { id } = await jobWithLog(store, workDir, Array.from({ length: 1_922 }, (_, i) => `epoch ${i}`).join('\n'))
    const some = await found(id, { grep: 'epoch', limit: '3' })
    assert.deepEqual([some.matches.map(({ text }) => text), some.count], [['epoch 0', 'epoch 1', 'epoch 2'], 1_922])
    assert.equal((await found(id, { grep: 'epoch' })).matches.length, MOST_SEARCH_MATCHES)
  })

  test('a line of a megabyte is cut, and a match behind the cut still counts', async () => {
    const long = `${'x'.repeat(1_048_576)}needle`
    const { id } = await jobWithLog(store, workDir, `first\n${long}\nneedle ${'é'.repeat(4_000)}\n`)
    const { matches, count } = await found(id, { grep: 'needle' })
    assert.equal(count, 2)
    assert.deepEqual(
      matches.map(({ offset, column, cut }) => [offset, column, cut]),
      [
        [6, null, true],
        [6 + long.length + 1, 0, true],
      ],
    )
    assert.equal(matches[0]?.text, 'x'.repeat(SEARCH_LINE_BYTES))
    // The cut went through a character.
    assert.equal(matches[1]?.text, `needle ${'é'.repeat((SEARCH_LINE_BYTES - 8) / 2)}`)
  })

  test('bytes that are no text are searched and come as they are', async () => {
    const invalid = Buffer.from([0x66, 0xff, 0xfe, 0x6e, 0x00, 0x65])
    const { id } = await jobWithLog(
      store,
      workDir,
      Buffer.concat([Buffer.from('ok e\n\0\0binary e\n'), invalid, Buffer.from('\n')]),
    )
    const { matches, count } = await found(id, { grep: 'e' })
    assert.equal(count, 3)
    assert.deepEqual(matches[1], { offset: 5, column: 9, text: '\0\0binary e', cut: false })
    assert.deepEqual(matches[2], { offset: 16, column: 5, base64: invalid.toString('base64'), cut: false })
  })

  test('a log that is not there yet has no matches', async () => {
    const { id } = await jobWithLog(store, workDir)
    assert.deepEqual((await found(id, { grep: 'x' })).count, 0)
    const { id: none } = await store.add()
    assert.deepEqual((await found(none, { grep: 'x' })).attempt, 0)
  })

  test('patterns that may take for ever, or that are none, are refused by name', async () => {
    const { id } = await jobWithLog(store, workDir, 'text\n')
    const refused = [400, 'invalid-request', '?grep']
    for (const grep of ['(a)\\1', '((x{40}){40}){40}', 'a{2000}', '(', '[z-a]'])
      assert.deepEqual(await refusal(id, { grep, regex: 'true' }), refused, grep)
    for (const grep of ['', 'a\nb', 'x'.repeat(600), 'é'.repeat(300)])
      assert.deepEqual(await refusal(id, { grep }), refused)
    assert.deepEqual(await refusal(id, { grep: 'a', tail: '10' }), [400, 'invalid-request', '?tail'])
    assert.equal((await found(id, { grep: '(a)\\1' })).count, 0)
    assert.equal((await found(id, { grep: '\\\\1', regex: 'true' })).count, 0)
  })

  test('another’s log is not searched', async () => {
    const { id } = await jobWithLog(store, workDir, 'secret\n')
    assert.equal((await search(id, { grep: 'secret' }, 'bob')).status, 404)
  })

  test('one gigabyte is searched whole, and while it is no other search of that Unix user begins', async () => {
    const { id, file } = await jobWithLog(store, workDir)
    const line = Buffer.from(`${'0123456789abcdef'.repeat(6)} padding of lines\n`.repeat(9_000))
    const descriptor = openSync(file, 'w')
    let size = 0
    while (size < GIB) size += writeSync(descriptor, line)
    size += writeSync(descriptor, Buffer.from('the needle\n'))
    closeSync(descriptor)
    // Which of the two comes first is not said; a search that begins once the other has ended would be answered, too.
    const [first = assert.fail(), second = assert.fail()] = (
      await Promise.all([1, 2].map(() => search(id, { grep: 'the needle' })))
    ).toSorted((a, b) => a.status - b.status)
    const { matches, count, bytes, complete, seconds } = LogSearch.parse(first.body)
    assert.equal(bytes, size)
    if (complete) assert.deepEqual([matches[0]?.offset, count], [size - 11, 1])
    console.log(`      1 GiB: ${seconds} s, complete: ${complete}`)
    assert.deepEqual([second.status, (second.body as Problem).code], [503, 'busy'])
    assert.equal(second.headers['retry-after'], '2')
    assert.equal((await search(id, { grep: 'x{0,200}y{0,4}(padding|of)', regex: 'true', limit: '1' })).status, 200)
    rmSync(file)
  })

  test('a file without line ends is given up within its memory, and said so', async () => {
    const { id, file } = await jobWithLog(store, workDir)
    const descriptor = openSync(file, 'w')
    ftruncateSync(descriptor, 2 * GIB)
    closeSync(descriptor)
    const { complete, stopped, count } = await found(id, { grep: 'x' })
    assert.deepEqual([complete, count], [false, 0])
    assert.ok(stopped === 'memory' || stopped === 'time', String(stopped))
  })
})
