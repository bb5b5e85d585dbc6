import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { patternTrouble } from '@trotline/contracts'
import type { CommandResult } from '@trotline/slurm'
import { type LogSearchWanted, searchCommand, searchedOf } from '../../../apps/orchestrator/src/clusters/log-search.ts'

const wanted: LogSearchWanted = { path: '/w/stdout', pattern: 'x', regex: false, ignoreCase: false, limit: 5 }
const answer = (stderr: string, lines = '', before = ''): CommandResult => ({
  exitCode: 0,
  signal: null,
  stdout: `${before}\x1eanswer\x1e\n${Buffer.from(lines).toString('base64')}\n`,
  stderr,
  durationMs: 1_234.5,
})

describe('a search on the cluster', () => {
  test('has the pattern as an argument of its own and not in the script', () => {
    const argv = searchCommand({ ...wanted, pattern: "'; rm -rf ~ #", regex: true, ignoreCase: true })
    assert.deepEqual(argv.slice(3), ['search', '/w/stdout', '5', '-E', '-i', '-e', "'; rm -rf ~ #"])
    assert.ok(!argv[2]?.includes('rm -rf'))
  })

  test('is read behind whatever a login script printed', () => {
    const found = searchedOf(answer('motd\nsearch: size 100\nsearch: exit 0\n', '7:a x\n1\n', 'Welcome!\n'), wanted)
    assert.ok(found.kind === 'searched')
    assert.deepEqual(
      [found.matches, found.count, found.bytes, found.seconds],
      [[{ offset: 7, column: 2, text: 'a x', cut: false }], 1, 100, 1.235],
    )
  })

  test('that found nothing, was ended, or lacked memory is told as that', () => {
    const standing = (stderr: string, lines = ''): unknown => {
      const found = searchedOf(answer(`search: size 9\n${stderr}`, lines), wanted)
      return found.kind === 'searched' ? [found.count, found.complete, found.stopped] : found.kind
    }
    assert.deepEqual(standing('search: exit 1\n'), [0, true, null])
    assert.deepEqual(standing('search: exit 124\n', '0:x\n1\n'), [1, false, 'time'])
    assert.deepEqual(standing('search: exit 137\n'), [0, false, 'time'])
    assert.deepEqual(standing('grep: memory exhausted\nsearch: exit 2\n'), [0, false, 'memory'])
    assert.deepEqual(searchedOf(answer('search: absent\n'), wanted), { kind: 'absent' })
  })

  test('that grep refuses is the pattern’s fault, and without grep the cluster’s', () => {
    const stderr = 'search: size 9\ngrep: Unmatched ( or \\(\nsearch: exit 2\n'
    assert.deepEqual(searchedOf(answer(stderr), { ...wanted, regex: true }), {
      kind: 'refused',
      detail: 'Unmatched ( or \\(',
    })
    for (const broken of ['search: size 9\nnice: grep: No such file\nsearch: exit 127\n', 'sh: not found\n', ''])
      assert.throws(() => searchedOf(answer(broken), wanted), { code: 'LOG_SEARCH_FAILED' }, broken)
  })
})

describe('a pattern', () => {
  test('may be any text of one line, and an expression without back-references and large counts', () => {
    for (const [pattern, regex] of [
      ['Traceback (most recent', false],
      ['\\1', false],
      ['a{1000000}', false],
      ['a\tb', false],
      ['\\\\1', true],
      ['(nan|inf)[0-9]{1,3}', true],
      ['x{30}y{30}', true],
    ] as const)
      assert.equal(patternTrouble(pattern, regex), null, pattern)
  })

  test('that may take time or memory without bound is refused in words', () => {
    for (const pattern of ['(a)\\1', '\\\\\\2', 'a{1001}', 'a{,5000}', 'a{2,}{600}b{9}', '((a{40}){40}){40}'])
      assert.match(patternTrouble(pattern, true) ?? '', /^The .*\.$/, pattern)
    for (const pattern of ['', 'a\nb', 'a\0', 'é'.repeat(257)]) assert.notEqual(patternTrouble(pattern, false), null)
  })
})
