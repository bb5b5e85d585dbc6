// What `npm run chaos --` takes, and what it says to the rest.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readArguments } from '../../chaos/arguments.ts'

const read = (...argv: string[]) => readArguments(argv, ['redis-killed', 'preempted'])

test('minutes, seed and faults are read', () => {
  const { minutes, seed, only } = read('--minutes', '30', '--seed', '7', '--only', 'preempted,redis-killed')
  assert.deepEqual([minutes, seed, only], [30, 7, ['preempted', 'redis-killed']])
})

test('a fault that is not known is named, with those that are', () => {
  assert.throws(() => read('--only', 'preempted,moon'), /no fault "moon"; there are redis-killed, preempted/)
})

test('a number that is none is refused by name', () => {
  assert.throws(() => read('--minutes', 'long'), /--minutes takes a number/)
  assert.throws(() => read('--cuts', '0'), /--cuts takes a number/)
})
