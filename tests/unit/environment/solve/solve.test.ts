// With the real solver: it runs in this process, on channels in memory.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VirtualPackages } from '@trotline/contracts'
import { readSpec } from '@trotline/environment'
import { chooseConda, loadRattler, lockOf, type SolveOptions, type Solving } from '@trotline/environment/solve'
import { channelOf, type MadeChannel, type MadeRecord } from './sources.ts'

const rattler = await loadRattler({ memoryBytes: 512 * 1_048_576 })

interface Asked {
  channels?: MadeChannel[]
  nodes?: VirtualPackages
  gpu?: boolean
  options?: SolveOptions
}

const CUDA: MadeRecord[] = [
  { name: 'cudatoolkit', version: '9.2' },
  { name: 'cudatoolkit', version: '10.1' },
  { name: 'net', version: '1', build: 'cuda92_0', depends: ['cudatoolkit 9.2.*', 'libc'] },
  { name: 'net', version: '2', build: 'cuda101_0', depends: ['cudatoolkit 10.1.*', 'libc'] },
  { name: 'libc', version: '9.1', depends: ['__glibc >=2.17'] },
]
const NODES: VirtualPackages = { __cuda: '10.1', __glibc: '2.17', __linux: '3.10' }

function solve(dependencies: unknown[], { channels = [channelOf('main', CUDA)], nodes = NODES, ...rest }: Asked = {}) {
  const spec = readSpec({ channels: channels.map(one => one.written), dependencies })
  assert.ok(spec.ok, JSON.stringify(spec))
  const { gpu = false, options } = rest
  const order = { spec: spec.value, platform: 'linux-64' as const, virtualPackages: nodes, gpu, channels }
  return chooseConda({ ...order, targetWords: 'partition gpuold' }, rattler, options)
}
const chosen = (solving: Solving): string[] => {
  assert.ok(solving.ok, JSON.stringify(solving))
  return solving.choice.records.map(one => `${one.name} ${one.version} ${one.build}`).sort()
}
const sentences = (solving: Solving): string[] => {
  assert.ok(!solving.ok)
  return solving.findings.map(one => one.detail)
}

test('the newest that the driver allows is chosen, and the lock says what the nodes must offer', async () => {
  assert.deepEqual(chosen(await solve(['net'])), ['cudatoolkit 10.1 0', 'libc 9.1 0', 'net 2 cuda101_0'])
  const older = await solve(['net'], { nodes: { ...NODES, __cuda: '9.2' } })
  assert.deepEqual(chosen(older), ['cudatoolkit 9.2 0', 'libc 9.1 0', 'net 1 cuda92_0'])
  assert.ok(older.ok)
  const lock = lockOf(older.choice, [])
  assert.ok(lock.ok)
  assert.deepEqual(lock.value.lock.virtualPackages, [
    { name: '__cuda', requires: '>=9.2', presence: 'if-present', by: ['cudatoolkit'] },
    { name: '__glibc', requires: '>=2.17', presence: 'required', by: ['libc'] },
  ])
})

test('nodes that are too old are told the least that would do, and because of what', async () => {
  assert.deepEqual(sentences(await solve(['net'], { nodes: { ...NODES, __cuda: '8.0' } })), [
    'The environment needs a driver for CUDA 9.2 because of cudatoolkit 9.2; partition gpuold offers 8.0.',
  ])
  assert.match(
    sentences(await solve(['net'], { nodes: { ...NODES, __glibc: '2.12' } }))[0] ?? '',
    /^The environment needs glibc 2\.17 because of libc 9\.1; partition gpuold has 2\.12\.$/,
  )
})

test('where driver and glibc are too old, both are told', async () => {
  const said = sentences(await solve(['net'], { nodes: { __cuda: '8.0', __glibc: '2.12' } }))
  assert.equal(said.length, 2)
  assert.match(said[0] ?? '', /CUDA 9\.2/)
  assert.match(said[1] ?? '', /glibc 2\.17/)
})

test('what nobody knows of the nodes is said to be unknown', async () => {
  const { __glibc: _glibc, ...nodes } = NODES
  assert.match(
    sentences(await solve(['net'], { nodes }))[0] ?? '',
    /glibc 2\.17 .*; what partition gpuold has is not known/,
  )
})

test('a processor that is too old is told', async () => {
  const channels = [
    channelOf('main', [
      { name: 'fast', depends: ['level'] },
      { name: 'level', version: '3', depends: ['__archspec 1 x86_64_v3'] },
      { name: 'level', version: '4', depends: ['__archspec 1 x86_64_v4'] },
    ]),
  ]
  const said = sentences(await solve(['fast'], { channels, nodes: { ...NODES, __archspec: 'x86_64_v2' } }))
  assert.match(said[0] ?? '', /needs processors of x86_64_v3 because of level 3; partition gpuold has x86_64_v2/)
  assert.deepEqual(chosen(await solve(['fast'], { channels, nodes: { ...NODES, __archspec: 'x86_64_v3' } })), [
    'fast 1 0',
    'level 3 0',
  ])
})

test('a processor that nobody looked at is said to be unknown', async () => {
  const channels = [channelOf('main', [{ name: 'level', version: '3', depends: ['__archspec 1 x86_64_v3'] }])]
  assert.match(
    sentences(await solve(['level'], { channels }))[0] ?? '',
    /needs processors of x86_64_v3 because of level 3; what partition gpuold has is not known/,
  )
})

test('without a GPU a CUDA package asks for no driver, and is not blamed for something else', async () => {
  const nodes = { __cuda: null, __glibc: '2.12' }
  assert.deepEqual(sentences(await solve(['net'], { nodes })), [
    'The environment needs glibc 2.17 because of libc 9.1; partition gpuold has 2.12.',
  ])
})

test('a package that asks for any driver at all is told as that', async () => {
  const channels = [channelOf('main', [{ name: 'trees', depends: ['__cuda'] }])]
  assert.deepEqual(sentences(await solve(['trees'], { channels, nodes: { ...NODES, __cuda: null } })), [
    'The environment needs a driver for CUDA because of trees 1; partition gpuold has no GPU.',
  ])
  assert.deepEqual(chosen(await solve(['trees'], { channels })), ['trees 1 0'])
})

test('a size that is none is not known, and no reason to have no lock', async () => {
  const solving = await solve(['a'], { channels: [channelOf('main', [{ name: 'a', more: { size: 2 ** 60 } }])] })
  assert.ok(solving.ok)
  assert.equal(solving.choice.records[0]?.size, null)
})

test('for a GPU a driver has to be known, whatever the packages', async () => {
  const unknown = await solve(['libc'], { nodes: { __glibc: '2.17' }, gpu: true })
  assert.match(sentences(unknown)[0] ?? '', /driver of partition gpuold supports is not known/)
  const none = await solve(['libc'], { nodes: { ...NODES, __cuda: null }, gpu: true })
  assert.match(sentences(none)[0] ?? '', /^Partition gpuold has no driver for CUDA/)
  assert.deepEqual(chosen(await solve(['libc'], { nodes: { ...NODES, __cuda: null } })), ['libc 9.1 0'])
})

test('a name, a version, a build and a channel that are not there are told by name and place', async () => {
  const channels = [channelOf('main', CUDA), channelOf('extra', [{ name: 'net', version: '7' }, { name: 'six' }])]
  const solving = await solve(['nosuch', 'net=1=*rocm*', 'main::six', 'net>5'], { channels })
  assert.ok(!solving.ok)
  const byPlace = new Map(solving.findings.map(one => [one.pointer, one]))
  assert.match(byPlace.get('/dependencies/0')?.detail ?? '', /main and extra have no package nosuch for linux-64/)
  assert.match(byPlace.get('/dependencies/1')?.detail ?? '', /main has no net =1 \*rocm\*; it has 2 and 1/)
  assert.match(byPlace.get('/dependencies/2')?.detail ?? '', /main has no six; extra has/)
  assert.match(byPlace.get('/dependencies/3')?.hint ?? '', /write extra::net>5/)
})

test('of many lines those are named that do not go together, with the tree of those alone', async () => {
  const channels = [
    channelOf('main', [
      { name: 'python', version: '3.6' },
      { name: 'python', version: '3.7' },
      { name: 'old', depends: ['python 3.6.*'] },
      ...Array.from({ length: 12 }, (_, i) => ({ name: `other${i}`, depends: ['python'] })),
    ]),
  ]
  const others = Array.from({ length: 12 }, (_, i) => `other${i}`)
  const solving = await solve([...others.slice(0, 5), 'python=3.7', ...others.slice(5), 'old'], { channels })
  assert.ok(!solving.ok)
  assert.equal(solving.findings[0]?.detail, 'old and python=3.7 do not go together.')
  assert.ok(!/other/.test(solving.tree ?? ''), solving.tree ?? '')
  assert.match(solving.tree ?? '', /python/)
})

test('without time for more questions a refusal still comes, with the tree of the solver', async () => {
  const solving = await solve(['net'], { nodes: { ...NODES, __cuda: '8.0' }, options: { mayGoOn: () => false } })
  assert.ok(!solving.ok)
  assert.equal(solving.because, 'impossible')
  assert.match(solving.tree ?? '', /cudatoolkit/)
})

test('one record that no solver can read costs no more than that record', async () => {
  const channels = [channelOf('main', [...CUDA, { name: 'libc', version: '9.2', more: { size: -1 } }])]
  const solving = await solve(['libc'], { channels })
  assert.deepEqual(chosen(solving), ['libc 9.1 0'])
  assert.ok(solving.ok)
  assert.deepEqual(
    solving.choice.notes.map(one => one.detail),
    ['One record of the channels was left out: it has what no solver can read.'],
  )
})

test('a part for pip brings pip along, and its Python is told', async () => {
  const channels = [
    channelOf('main', [
      { name: 'python', version: '3.11.9' },
      { name: 'pip', depends: ['python'] },
    ]),
  ]
  const solving = await solve(['python', { pip: [`six==1.16.0 --hash=sha256:${'a'.repeat(64)}`] }], { channels })
  assert.deepEqual(chosen(solving), ['pip 1 0', 'python 3.11.9 0'])
  assert.ok(solving.ok)
  assert.equal(solving.choice.python, '3.11.9')
  assert.match(solving.choice.notes[0]?.detail ?? '', /pip was added/)
})

test('nothing that a spec says reaches the network', async () => {
  const before = globalThis.fetch
  await solve(['net'])
  assert.equal(globalThis.fetch, before)
})
