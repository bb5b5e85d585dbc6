import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { multiplex } from '../../../apps/orchestrator/src/streams/multiplex.ts'

async function* counting(name: string, count: number, everyMs = 0): AsyncGenerator<string> {
  for (let i = 0; i < count; i++) {
    if (everyMs > 0) await sleep(everyMs)
    yield `${name}${i}`
  }
}

test('all of every source comes, each source in its own order', async () => {
  const found: string[] = []
  for await (const one of multiplex([counting('a', 50), counting('b', 3, 2), counting('c', 0)])) found.push(one)
  for (const [name, count] of [
    ['a', 50],
    ['b', 3],
  ] as const)
    assert.deepEqual(
      found.filter(one => one.startsWith(name)),
      Array.from({ length: count }, (_, i) => `${name}${i}`),
    )
  assert.equal(found.length, 53)
})

test('a source that never rests does not keep another from its turn', async () => {
  let seen = 0
  for await (const one of multiplex([counting('busy', 10_000), counting('rare', 1)])) {
    seen += 1
    if (one === 'rare0') break
  }
  assert.ok(seen < 10, String(seen))
})

test('a slow reader is owed one item of each source and no more', async () => {
  let asked = 0
  async function* source(): AsyncGenerator<number> {
    for (;;) yield ++asked
  }
  const merged = multiplex([source(), source()])
  await merged.next()
  await sleep(20)
  assert.equal(asked, 2)
  await merged.next()
  await sleep(20)
  assert.ok(asked <= 4)
  await merged.return(undefined)
})

test('a reader that leaves ends the sources', async () => {
  const ended: string[] = []
  async function* source(name: string): AsyncGenerator<string> {
    try {
      for (;;) yield name
    } finally {
      ended.push(name)
    }
  }
  for await (const one of multiplex([source('a'), source('b')])) if (one === 'b') break
  await sleep(5)
  assert.deepEqual(ended.toSorted(), ['a', 'b'])
})

test('what a source throws is thrown, after what came before it', async () => {
  async function* failing(): AsyncGenerator<string> {
    yield 'one'
    throw new Error('broken')
  }
  const found: string[] = []
  await assert.rejects(async () => {
    for await (const one of multiplex([failing()])) found.push(one)
  }, /broken/)
  assert.deepEqual(found, ['one'])
})
