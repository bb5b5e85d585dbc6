import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Why } from '@trotline/contracts'
import { createStyle } from '../../../apps/cli/src/text/style.ts'
import { whyRows, whyText } from '../../../apps/cli/src/text/why-text.ts'
import { wrap } from '../../../apps/cli/src/text/wrap.ts'

const plain = createStyle({ colour: false, utf8: true })
const why: Why = {
  state: 'pending',
  summary: 'It waits in Slurm (Priority): other jobs of this partition have a higher priority and are served first.',
  details: [
    'Submission 1, as it was asked for.',
    '  loss  0.5   a line of its log that is longer than any terminal is wide today',
  ],
  evidence: [{ source: 'record', at: null, line: 'cancel wished' }],
  action: 'Wait until one of the others ends, or cancel one that is not needed.',
  pending: null,
}

test('prose is broken between words only, and never into nothing on a narrow terminal', () => {
  assert.deepEqual(wrap('one two three four', 20, '  '), ['  one two three four'])
  assert.deepEqual(wrap('aaaaaaaaaa bbbbbbbbbb cc', 12, '  '), ['  aaaaaaaaaa', '  bbbbbbbbbb cc'])
  assert.deepEqual(wrap('a-word-that-is-wider-than-the-room', 5), ['a-word-that-is-wider-than-the-room'])
  assert.deepEqual(wrap('', 80), [])
})

test('every word of the answer is shown, within the width, and the thing to do stands last', () => {
  const lines = whyText(why, plain, 50)
  const prose = lines.filter(line => !line.includes('loss  0.5'))
  assert.ok(prose.every(line => line.length <= 50))
  assert.equal(lines[0], '○ pending')
  assert.ok(lines.join(' ').replace(/\s+/g, ' ').includes(why.summary))
  assert.match(
    lines.slice(-2).join(' '),
    /^To do: Wait until one of the others ends, or cancel one that is not needed\.$/,
  )
  assert.ok(lines.includes('  seen: record: cancel wished'))
})

test('a line of a log keeps its blanks', () => {
  assert.ok(whyText(why, plain, 50).some(line => line.includes('loss  0.5   a line of its log')))
})

test('in a pipe what is unknown is empty, not zero', () => {
  const pending = {
    reason: null,
    meaning: 'Slurm gives no reason.',
    jobsAhead: null,
    expectedStart: null,
    askedAt: null,
  }
  const rows = whyRows({ ...why, pending })
  assert.deepEqual(
    rows.find(([field]) => field === 'jobs ahead'),
    ['jobs ahead', ''],
  )
  assert.deepEqual(
    whyRows({ ...why, pending: { ...pending, jobsAhead: 0 } }).find(([field]) => field === 'jobs ahead'),
    ['jobs ahead', '0'],
  )
})
