import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NodeKind, PartitionFacts } from '@trotline/contracts'
import { readSpec } from '@trotline/environment'
import { problemId, solveForPartition, specRead } from '../../../apps/orchestrator/src/lifecycle/environment-problem.ts'
import { leastOf, offersOf } from '../../../apps/orchestrator/src/lifecycle/environment-target.ts'
import { SolveError } from '../../../apps/orchestrator/src/solving/solve-error.ts'
import { A100, fact, K80, kindOf, shippedCompatibility } from '../../support/compatibility.ts'

const partition = (nodeKinds: NodeKind[]): PartitionFacts => ({
  name: 'gpu',
  maxTimeMinutes: null,
  maxCpusPerNode: 24,
  maxMemoryMiBPerNode: 120_000,
  gpus: nodeKinds.flatMap(({ gpus }) => gpus.map(({ type, count }) => ({ type, perNode: count }))),
  preemption: null,
  nodeKinds,
})
const GPU = { gpuType: null, gpu: true }
const offers = (kinds: NodeKind[], asked = GPU) => offersOf(partition(kinds), asked, shippedCompatibility())
const refusal = (work: () => unknown): SolveError => {
  try {
    work()
  } catch (error) {
    return error instanceof SolveError ? error : assert.fail(String(error))
  }
  return assert.fail('it was accepted')
}

describe('what a partition offers', () => {
  test('follows from what was measured: the driver’s CUDA, the GPU, glibc, kernel and processor', () => {
    const measured = { ...K80, glibc: fact('2.28'), kernel: fact('4.18.0-553.el8.x86_64'), cpuArch: fact('x86_64') }
    assert.deepEqual(offers([kindOf('k80', measured)]), [
      {
        nodes: ['k01', 'k02'],
        platform: 'linux-64',
        virtualPackages: {
          __cuda: '9.2',
          __cuda_arch: '3.7',
          __glibc: '2.28',
          __linux: '4.18.0',
          __archspec: 'x86_64',
        },
      },
    ])
  })

  test('takes nvidia-smi’s word for CUDA before the table’s, and knows drivers older than the table', () => {
    const cudaOf = (kind: NodeKind) => offers([kind])[0]?.virtualPackages.__cuda
    assert.equal(cudaOf(kindOf('k80', { ...K80, cudaMax: fact('10.1') })), '10.1')
    assert.equal(cudaOf(kindOf('k80', { ...K80, driver: fact('375.26') })), '8.0')
    assert.equal(cudaOf(kindOf('k80', { ...K80, driver: fact('100.14') })), undefined)
  })

  test('leaves out what nobody knows, and has no CUDA where no GPU is used', () => {
    assert.deepEqual(offers([kindOf('k80', {})])[0]?.virtualPackages, {})
    const without = offers([kindOf('k80', { ...K80, glibc: fact('2.28') })], { gpuType: null, gpu: false })
    assert.deepEqual(without[0]?.virtualPackages, { __cuda: null, __cuda_arch: null, __glibc: '2.28' })
    assert.deepEqual(offersOf(null, GPU, shippedCompatibility())[0]?.virtualPackages, {})
  })

  test('does not believe what a job said of its node', () => {
    assert.deepEqual(offers([kindOf('k80', { driver: fact('580.1', 'job') })])[0]?.virtualPackages, {})
  })
})

describe('one environment for several sorts of node', () => {
  test('is solved for the least of each', () => {
    const both = [kindOf('k80', { ...K80, glibc: fact('2.28') }), kindOf('a100', { ...A100, glibc: fact('2.17') })]
    const least = leastOf(offers(both))
    assert.deepEqual(least, {
      platform: 'linux-64',
      virtualPackages: { __cuda: '9.2', __cuda_arch: '3.7', __glibc: '2.17' },
    })
  })

  test('tells the solver nothing that is not known of all of them', () => {
    const least = leastOf(offers([kindOf('k80', K80), kindOf('a100', {})]))
    assert.deepEqual(typeof least === 'string' ? least : least.virtualPackages, {})
  })

  test('is not possible where their processors differ', () => {
    const arm = kindOf('a100', { ...A100, cpuArch: fact('aarch64') })
    const x86 = kindOf('a100', { ...A100, cpuArch: fact('x86_64') })
    const placed = { cluster: 'local', partition: 'gpu', gpuType: null, gpu: true }
    const error = refusal(() => solveForPartition(placed, partition([arm, x86]), shippedCompatibility()))
    assert.equal(error.code, 'SOLVE_IMPOSSIBLE')
    assert.match(error.message, /partition gpu: its nodes have different processors/)
  })
})

describe('a problem', () => {
  const where = { platform: 'linux-64', virtualPackages: { __cuda: '9.2' }, gpu: true, words: 'x' } as const
  const target = { cluster: 'local', partition: 'gpu' }
  const idOf = (dependencies: string[], snapshot: string | null = null, over: object = {}): string =>
    problemId({ channels: ['main'], dependencies }, { ...where, target, ...over }, snapshot)

  test('is the same in whatever order and under whatever name its packages are written', () => {
    assert.equal(idOf(['a', 'b']), idOf(['b', 'a']))
    const named = problemId({ name: 'x', channels: ['main'], dependencies: ['a', 'b'] }, { ...where, target }, null)
    assert.equal(named, idOf(['a', 'b']))
  })

  test('is another for other nodes, channels or states of them', () => {
    const ids = [
      idOf(['a']),
      idOf(['a'], 'f'.repeat(64)),
      idOf(['a'], null, { virtualPackages: { __cuda: '9.0' } }),
      idOf(['a'], null, { platform: 'linux-aarch64' }),
      idOf(['a'], null, { gpu: false }),
      problemId({ channels: ['main', 'other'], dependencies: ['a'] }, { ...where, target }, null),
      problemId({ channels: ['other', 'main'], dependencies: ['a'] }, { ...where, target }, null),
    ]
    assert.equal(new Set(ids).size, ids.length)
  })

  test('of a spec that cannot be read is refused with every line', () => {
    const text = 'channels: [main]\ndependencies:\n  - "a; rm -rf /"\n  - ../up\n'
    const error = refusal(() => specRead(text, readSpec(text)))
    assert.equal(error.code, 'SPEC_REFUSED')
    assert.deepEqual(
      error.findings.map(({ pointer, line }) => [pointer, line]),
      [
        ['/dependencies/0', 3],
        ['/dependencies/1', 4],
      ],
    )
    assert.match(error.message, /1 more findings follow/)
  })
})
