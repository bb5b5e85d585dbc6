// Specs become locks through real channels on disk, real threads and the real solver, whatever comes in.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { EnvironmentSpec, SolveProgress } from '@trotline/contracts'
import { readSpec } from '@trotline/environment'
import { SolveError } from '../../apps/orchestrator/src/solving/solve-error.ts'
import { buildSyntheticChannel } from '../support/conda-channel.ts'
import { eventually } from '../support/eventually.ts'
import {
  chain,
  folderFor,
  longestBlock,
  NODES,
  pigeonhole,
  problemOf,
  solverFor,
  writeRecords,
} from '../support/solving.ts'
import { buildTutorialChannels, TUTORIAL_PACKAGES, TUTORIAL_SPEC } from '../support/tutorial-channel.ts'

/** What nothing that the server does may take of its event loop, in milliseconds. */
const MOST_BLOCKED_MS = 100

const tutorial = specOf(TUTORIAL_SPEC)

function specOf(written: unknown): EnvironmentSpec {
  const reading = readSpec(written)
  assert.ok(reading.ok, JSON.stringify(reading))
  return reading.value
}
const shuffled = <T>(list: readonly T[], by: number): T[] => [...list.slice(by), ...list.slice(0, by)].reverse()

function ownBlockIsShort({ blockedMs, longestWaitMs }: { blockedMs: number; longestWaitMs: number }): void {
  assert.ok(blockedMs < MOST_BLOCKED_MS, `${blockedMs} ms, besides a wait of ${longestWaitMs} ms for a processor`)
}

function codeIs(code: SolveError['code'], also: (error: SolveError) => void = () => undefined) {
  return (error: unknown): true => {
    assert.ok(error instanceof SolveError, String(error))
    assert.equal(error.code, code, error.message)
    also(error)
    return true
  }
}

test("the tutorial's environment is the same 38 packages whenever it is solved, and in whatever order it is written", async t => {
  const folder = folderFor(t)
  await buildTutorialChannels(folder, { archives: false })
  const solver = solverFor(t, folder, { pytorch: join(folder, 'pytorch'), main: join(folder, 'main') })
  const first = await solver.solve(problemOf(tutorial))
  assert.equal(first.pinned.lock.conda.length, TUTORIAL_PACKAGES)
  assert.equal(first.snapshot.channels.length, 4)
  const builds = new Map(first.pinned.lock.conda.map(one => [one.name, `${one.version} ${one.build}`]))
  assert.equal(builds.get('pytorch'), '1.3.0 py3.6_cuda9.2.148_cudnn7.6.3_0')
  assert.equal(builds.get('torchvision'), '0.4.1 py36_cu92')
  assert.match(builds.get('tensorflow') ?? '', /^1\.12\.0 /)
  assert.match(builds.get('python') ?? '', /^3\.6/)
  const orders = [1, 3, 6].map(by => ({ ...tutorial, dependencies: shuffled(tutorial.dependencies, by) }))
  for (const spec of [tutorial, tutorial, ...orders])
    assert.equal((await solver.solve(problemOf(spec))).pinned.id, first.pinned.id)
  const newer = await solver.solve(problemOf(tutorial, { virtualPackages: { ...NODES, __cuda: '12.4' } }))
  assert.equal(newer.pinned.id, first.pinned.id)
  assert.deepEqual(
    first.pinned.lock.virtualPackages.find(one => one.name === '__cuda'),
    { name: '__cuda', requires: '>=9.2', presence: 'if-present', by: ['cudatoolkit'] },
  )
})

for (const { what, driverConstrained } of [
  { what: 'with the metadata that channels have today', driverConstrained: true },
  { what: 'with the metadata of 2018, which says nothing of drivers', driverConstrained: false },
])
  test(`for CUDA 8.0 it is refused with our sentence first, ${what}`, async t => {
    const folder = folderFor(t)
    await buildTutorialChannels(folder, { archives: false, driverConstrained })
    const solver = solverFor(t, folder, { pytorch: join(folder, 'pytorch'), main: join(folder, 'main') })
    await assert.rejects(
      solver.solve(problemOf(tutorial, { virtualPackages: { ...NODES, __cuda: '8.0' } })),
      codeIs('SOLVE_IMPOSSIBLE', ({ message, findings, tree }) => {
        assert.equal(
          message,
          'The environment needs a driver for CUDA 9.2 because of cudatoolkit 9.2; partition gpuold offers 8.0.',
        )
        assert.equal(findings[0]?.detail, message)
        assert.match(tree ?? '', /cudatoolkit 9\.2/)
      }),
    )
  })

test('channels are written in the order of the spec: of a name that two have, the first gives it', async t => {
  const folder = folderFor(t)
  await writeRecords(join(folder, 'one'), [{ name: 'a', version: '1' }])
  await writeRecords(join(folder, 'two'), [
    { name: 'a', version: '2' },
    { name: 'b', depends: ['a'] },
  ])
  const solver = solverFor(t, folder, { one: join(folder, 'one'), two: join(folder, 'two') })
  const versionOf = async (channels: string[], dependencies: string[]): Promise<string | undefined> =>
    (await solver.solve(problemOf(specOf({ channels, dependencies })))).pinned.lock.conda.find(one => one.name === 'a')
      ?.version
  assert.equal(await versionOf(['one', 'two'], ['b']), '1')
  assert.equal(await versionOf(['two', 'one'], ['b']), '2')
  assert.equal(await versionOf(['one', 'two'], ['b', 'two::a']), '2')
  assert.equal(await versionOf(['two'], ['b', 'one::a']), '1')
})

test('a solver that panics ends its thread and nothing else', async t => {
  const folder = folderFor(t)
  await writeRecords(join(folder, 'main'), [{ name: 'good' }])
  const solver = solverFor(t, folder, { main: join(folder, 'main') })
  // No spec that was read has such a line; the solver panics over it.
  const panics: EnvironmentSpec = { channels: ['main'], dependencies: ['good[channel=main]'] }
  const block = await longestBlock(() =>
    assert.rejects(
      solver.solve(problemOf(panics)),
      codeIs('SOLVER_DIED', ({ details, transient }) => {
        assert.match(String(details.words), /panicked at/)
        assert.equal(transient, false)
      }),
    ),
  )
  ownBlockIsShort(block)
  const good = await solver.solve(problemOf(specOf({ channels: ['main'], dependencies: ['good'] })))
  assert.equal(good.pinned.lock.conda.length, 1)
})

test('a solver whose explanation grows without end is ended by its memory', async t => {
  const folder = folderFor(t)
  await writeRecords(join(folder, 'main'), [...chain(10_000), { name: 'good' }])
  const solver = solverFor(t, folder, { main: join(folder, 'main') }, { solve: { memoryMiB: 256 } })
  await assert.rejects(
    solver.solve(problemOf(specOf({ channels: ['main'], dependencies: ['link0'] }))),
    codeIs('SOLVE_MEMORY_LIMIT'),
  )
  const good = await solver.solve(problemOf(specOf({ channels: ['main'], dependencies: ['good'] })))
  assert.equal(good.pinned.lock.conda.length, 1)
})

test('what the solver is known to die of is left out, and told', async t => {
  const folder = folderFor(t)
  await writeRecords(join(folder, 'main'), [
    { name: 'a', version: '2', depends: ['main::b'] },
    { name: 'a', version: '1', depends: ['b'] },
    { name: 'b' },
  ])
  const solver = solverFor(t, folder, { main: join(folder, 'main') })
  const { pinned, notes } = await solver.solve(problemOf(specOf({ channels: ['main'], dependencies: ['a'] })))
  assert.equal(pinned.lock.conda.find(one => one.name === 'a')?.version, '1')
  assert.match(notes.join(), /One record of the channels was left out: it has a dependency on another channel/)
})

const ENDLESS = specOf({ channels: ['main'], dependencies: Array.from({ length: 13 }, (_, i) => `pigeon${i}`) })

test('a solve that finds no end is ended at its time limit, and the next one starts at once', async t => {
  const folder = folderFor(t)
  await writeRecords(join(folder, 'main'), [...pigeonhole(13), { name: 'good' }])
  const solver = solverFor(t, folder, { main: join(folder, 'main') }, { solve: { timeLimitSeconds: 3 } })
  await assert.rejects(
    solver.solve(problemOf(ENDLESS)),
    codeIs('SOLVE_TIME_LIMIT', error => assert.match(error.message, /within 3 s/)),
  )
  const good = await solver.solve(problemOf(specOf({ channels: ['main'], dependencies: ['good'] })))
  assert.equal(good.pinned.lock.conda.length, 1)
})

test('a cancelled solve ends at once, and so does one that waits for its turn', async t => {
  const folder = folderFor(t)
  await writeRecords(join(folder, 'main'), [...pigeonhole(13), { name: 'good' }])
  // Nothing else ends them.
  const solver = solverFor(t, folder, { main: join(folder, 'main') }, { solve: { timeLimitSeconds: 3600 } })
  const [running, waiting] = [new AbortController(), new AbortController()]
  const seen: SolveProgress[] = []
  const first = assert.rejects(
    solver.solve(problemOf(ENDLESS), { signal: running.signal, onProgress: progress => seen.push(progress) }),
    codeIs('SOLVE_CANCELLED'),
  )
  await eventually('the first one is being solved', () => seen.some(one => one.step === 'solve'))
  const second = assert.rejects(solver.solve(problemOf(ENDLESS), { signal: waiting.signal }), codeIs('SOLVE_CANCELLED'))
  const behind = solver.solve(problemOf(specOf({ channels: ['main'], dependencies: ['good'] })))
  waiting.abort()
  await second
  running.abort()
  await first
  assert.equal((await behind).pinned.lock.conda.length, 1)
})

test('more than may wait are told to come again', async t => {
  const folder = folderFor(t)
  await writeRecords(join(folder, 'main'), pigeonhole(13))
  const solver = solverFor(t, folder, { main: join(folder, 'main') }, { solve: { atOnce: 1, waiting: 1 } })
  const stop = new AbortController()
  const two = [0, 1].map(() => assert.rejects(solver.solve(problemOf(ENDLESS), { signal: stop.signal })))
  await assert.rejects(
    solver.solve(problemOf(ENDLESS)),
    codeIs('SOLVE_BUSY', error => assert.equal(error.transient, true)),
  )
  stop.abort()
  await Promise.all(two)
})

test('a solver that is closed ends what it is about', async t => {
  const folder = folderFor(t)
  await writeRecords(join(folder, 'main'), pigeonhole(13))
  const solver = solverFor(t, folder, { main: join(folder, 'main') })
  const seen: SolveProgress[] = []
  const solving = assert.rejects(
    solver.solve(problemOf(ENDLESS), { onProgress: progress => seen.push(progress) }),
    codeIs('SOLVE_CANCELLED'),
  )
  await eventually('it is being solved', () => seen.some(one => one.step === 'solve'))
  await solver.close()
  await solving
})

test('a part for pip that is pinned comes into the lock, and never lies over a package of conda', async t => {
  const folder = folderFor(t)
  await writeRecords(join(folder, 'main'), [
    { name: 'python', version: '3.11.9' },
    { name: 'pip', depends: ['python'] },
    { name: 'six', depends: ['python'] },
  ])
  const solver = solverFor(t, folder, { main: join(folder, 'main') })
  const hash = 'a'.repeat(64)
  const withPip = (...pip: string[]): EnvironmentSpec =>
    specOf({ channels: ['main'], dependencies: ['python', 'six', { pip }] })
  const { pinned, notes } = await solver.solve(problemOf(withPip(`torchviz==0.0.2 --hash=sha256:${hash}`)))
  assert.deepEqual(pinned.lock.pip, [{ name: 'torchviz', version: '0.0.2', sha256: [hash] }])
  assert.match(notes.join(), /pip was added/)
  await assert.rejects(
    solver.solve(problemOf(withPip(`six==1.16.0 --hash=sha256:${hash}`))),
    codeIs('PIP_REFUSED', error =>
      assert.match(error.message, /six==1\.16\.0 of pip would be installed over the six of conda/),
    ),
  )
  await assert.rejects(
    solver.solve(problemOf(withPip('torchviz'))),
    codeIs('PIP_REFUSED', error => assert.match(error.message, /is no exact release.*no uv/)),
  )
})

const synthetic = (records: number): EnvironmentSpec => {
  const top = records / 20
  const names = [top - 1, top - 7, top - 100, top >> 1, top - 500, top - 900, 77]
  return specOf({ channels: ['main'], dependencies: names.map(i => `synth${i}`) })
}

for (const { records, packages } of [
  { records: 50_000, packages: 400 },
  { records: 500_000, packages: 1500 },
])
  test(`a channel of ${records} records is solved, and the event loop is never held up for 100 ms`, async t => {
    const folder = folderFor(t)
    await buildSyntheticChannel(join(folder, 'main'), { records })
    const solver = solverFor(t, folder, { main: join(folder, 'main') }, { solve: { timeLimitSeconds: 900 } })
    const progress: SolveProgress[] = []
    const solve = () => solver.solve(problemOf(synthetic(records)), { onProgress: one => progress.push(one) })
    const first = await longestBlock(solve)
    const second = await longestBlock(solve)
    t.diagnostic(
      `first ${first.value.seconds.toFixed(2)} s, then ${second.value.seconds.toFixed(2)} s; ` +
        `longest block ${first.blockedMs.toFixed()} and ${second.blockedMs.toFixed()} ms, ` +
        `longest wait for a processor ${first.longestWaitMs.toFixed()} and ${second.longestWaitMs.toFixed()} ms`,
    )
    assert.ok(first.value.pinned.lock.conda.length > packages)
    assert.equal(second.value.pinned.id, first.value.pinned.id)
    for (const one of [first, second]) ownBlockIsShort(one)
    for (const step of ['repodata', 'index', 'solve'])
      assert.ok(
        progress.some(one => one.step === step),
        `nothing was told of ${step}`,
      )
  })

test('a solve that takes more memory than it may is ended by name, and the server stays as it is', async t => {
  const folder = folderFor(t)
  const everything = 150_000
  await buildSyntheticChannel(join(folder, 'main'), { records: everything })
  await writeRecords(join(folder, 'hostile'), [
    { name: 'everything', depends: Array.from({ length: everything / 20 }, (_, i) => `synth${i}`) },
    { name: 'good' },
  ])
  const folders = { main: join(folder, 'main'), hostile: join(folder, 'hostile') }
  const solver = solverFor(t, folder, folders, { solve: { memoryMiB: 256, timeLimitSeconds: 900 } })
  const spec = (name: string): EnvironmentSpec => specOf({ channels: ['hostile', 'main'], dependencies: [name] })
  const block = await longestBlock(() =>
    assert.rejects(solver.solve(problemOf(spec('everything'))), codeIs('SOLVE_MEMORY_LIMIT')),
  )
  ownBlockIsShort(block)
  assert.equal((await solver.solve(problemOf(spec('good')))).pinned.lock.conda.length, 1)
})
