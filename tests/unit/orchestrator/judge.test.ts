import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Finding,
  JobCompatibility,
  type JobRequest,
  type NodeKind,
  type PartitionFacts,
} from '@trotline/contracts'
import { type Accepted, accept, type Refusal } from '../../../apps/orchestrator/src/lifecycle/accept.ts'
import { keptOf, reportShown } from '../../../apps/orchestrator/src/lifecycle/job-report.ts'
import { A100, fact, K80, kindOf, P100, shippedCompatibility } from '../../support/compatibility.ts'
import { AT, clusterFacts, clusterSettings, later, record, request } from '../../support/job-records.ts'

const principal = { owner: { id: 'ada', name: 'Ada' }, role: 'user', identity: 'default' } as const

const partition = (name: string, gpus: PartitionFacts['gpus'], nodeKinds: NodeKind[]): PartitionFacts => ({
  name,
  maxTimeMinutes: null,
  maxCpusPerNode: 24,
  maxMemoryMiBPerNode: 120_000,
  gpus,
  preemption: null,
  nodeKinds,
})
const K80S = partition('gpuk80', [{ type: 'k80', perNode: 4 }], [kindOf('k80', K80)])
const P100S = partition('gpup100', [{ type: 'p100', perNode: 2 }], [kindOf('p100', P100)])
const MIXED = partition(
  'mixed',
  [
    { type: 'k80', perNode: 4 },
    { type: 'a100', perNode: 4 },
  ],
  [kindOf('k80', K80), kindOf('a100', A100)],
)
const UNSEEN = partition('unseen', [{ type: null, perNode: 4 }], [])
const CPUS = partition('shared', [], [kindOf(null, { glibc: fact('2.36') })])

const ask = (
  asked: JobRequest,
  {
    partitions = [CPUS, K80S, P100S, UNSEEN],
    unknown = 'accept' as 'accept' | 'refuse',
    libtensorflow = null as string | null,
  } = {},
): Accepted =>
  accept({
    request: asked,
    principal,
    clusters: [clusterSettings({ compatibility: { unknown, libtensorflow } })],
    facts: clusterFacts({ partitions }),
    compatibility: shippedCompatibility(),
    at: AT,
  })
const onGpu = (name: string, training: object = {}, resources: object = {}): JobRequest =>
  request(
    { partition: name, gpus: 1, ...resources },
    { training: { kind: 'preset', preset: 'auto-mpg', epochs: 10, ...training } },
  )
const accepted = (answer: Accepted) => (answer.accepted ? answer.job : assert.fail(JSON.stringify(answer)))
const refused = (answer: Accepted): Refusal => (answer.accepted ? assert.fail('it was accepted') : answer)
const pointers = (findings: readonly Finding[]): string[] => findings.map(finding => finding.pointer)

describe('a preset with a GPU', () => {
  test('is refused where the driver is older than CUDA 11.2 of tfjs-node-gpu wants, with both versions', () => {
    const { problem, findings, report } = refused(ask(onGpu('gpuk80')))
    assert.equal(problem, 'incompatible')
    assert.deepEqual([report?.verdict, report?.rule], ['incompatible', 'driver-too-old'])
    assert.ok(pointers(findings).every(pointer => pointer === '/resources/partition'))
    const driver = findings.find(({ detail }) => detail.includes('396.37')) ?? assert.fail(JSON.stringify(findings))
    assert.match(`${driver.detail} ${driver.required} ${driver.found}`, /450\.80\.02/)
    assert.ok(findings.every(({ source }) => source))
  })

  test('is judged by the libtensorflow that the cluster has in place of tfjs-node-gpu’s own', () => {
    const H200S = partition(
      'gpuh200',
      [{ type: 'h200', perNode: 8 }],
      [kindOf('h200', { driver: fact('580.159.04'), gpu: fact('NVIDIA H200'), computeCapability: fact('9.0') })],
    )
    const rule = (name: string, libtensorflow: string | null): string | undefined => {
      const answer = ask(onGpu(name), { partitions: [H200S, P100S], libtensorflow })
      return answer.accepted ? answer.job.compatibility.rule : answer.report?.rule
    }
    assert.match(rule('gpuh200', null) ?? '', /ptx-jit/)
    assert.match(rule('gpuh200', '2.21.0') ?? '', /ptx-jit/)
    // TensorFlow 2.21 is built for CUDA 12.5, which a P100's driver of 470 does not run; 2.9 is built for 11.2.
    assert.match(rule('gpup100', '2.21.0') ?? '', /driver-too-old/)
    assert.doesNotMatch(rule('gpup100', '2.9.3') ?? '', /driver-too-old/)
  })

  test('is told where it would run, judged by the same rules, the fewest changes first', () => {
    const { report, findings } = refused(ask(onGpu('gpuk80')))
    assert.deepEqual(
      report?.nearest.map(({ partition: name, changes }) => [name, changes.length]),
      [['gpup100', 1]],
    )
    assert.match(findings.at(-1)?.hint ?? '', /Set resources\.partition to gpup100; or set resources\.gpus to 0/)
    const again = ask(onGpu('gpup100'))
    assert.equal(accepted(again).compatibility.verdict, report?.nearest[0]?.verdict)
  })

  test('is not sent where the rest of the request does not fit', () => {
    assert.deepEqual(refused(ask(onGpu('gpuk80', {}, { gpus: 4 }))).report?.nearest, [])
  })

  test('is pointed at the GPU type where it names one, and told of the partition’s other type', () => {
    const { findings, report } = refused(ask(onGpu('mixed', {}, { gpuType: 'k80' }), { partitions: [MIXED] }))
    assert.deepEqual([...new Set(pointers(findings))], ['/resources/gpuType'])
    assert.deepEqual(report?.nearest[0]?.changes, [{ field: 'gpuType', from: 'k80', to: 'a100' }])
    assert.equal(report?.nearest[0]?.partition, null)
  })

  test('is judged by the weakest where it names no type', () => {
    assert.equal(ask(onGpu('mixed'), { partitions: [MIXED] }).accepted, false)
    assert.ok(ask(onGpu('mixed', {}, { gpuType: 'a100' }), { partitions: [MIXED] }).accepted)
  })

  test('is judged by those nodes alone that its constraint and its excluded nodes leave to Slurm', () => {
    const old = kindOf('k80', K80, { features: ['haswell', 'gpu'], nodes: ['k01'], nodeCount: 1 })
    const young = kindOf('k80', { ...P100 }, { features: ['icelake', 'gpu'], nodes: ['p01'], nodeCount: 1 })
    const both = { partitions: [partition('both', [{ type: 'k80', perNode: 4 }], [old, young])] }
    const verdict = (resources: object): string => {
      const answer = ask(onGpu('both', {}, resources), both)
      return answer.accepted ? answer.job.compatibility.verdict : answer.problem
    }
    assert.equal(verdict({}), 'incompatible')
    for (const constraint of ['icelake', 'icelake&gpu', 'icelake|skylake', 'gpu&icelake'])
      assert.equal(verdict({ constraint }), 'compatible', constraint)
    for (const constraint of ['gpu', 'haswell|icelake', '[icelake|haswell]', 'icelake*1'])
      assert.equal(verdict({ constraint }), 'incompatible', constraint)
    assert.equal(verdict({ excludeNodes: ['k01'] }), 'compatible')
    assert.equal(verdict({ excludeNodes: ['p01'] }), 'incompatible')
    assert.equal(verdict({ constraint: 'nosuch' }), 'unknown')
  })

  test('is sent to no partition where the worker would not start', () => {
    const elsewhere = partition('old', P100S.gpus, [kindOf('p100', { ...P100, glibc: fact('2.17') })])
    assert.deepEqual(refused(ask(onGpu('gpuk80'), { partitions: [K80S, elsewhere] })).report?.nearest, [])
  })

  test('keeps in its record what it was judged by', () => {
    const { compatibility, notes } = accepted(ask(onGpu('gpup100')))
    assert.equal(compatibility.verdict, 'compatible')
    assert.deepEqual(compatibility.findings, [])
    assert.match(compatibility.rule, /cubin/)
    assert.deepEqual(compatibility.facts, {
      partition: 'gpup100',
      driver: '470.82.01',
      gpu: 'Tesla P100-PCIE-16GB',
      computeCapability: '6.0',
      source: 'probe',
      at: AT,
    })
    assert.deepEqual(notes, [])
  })

  test('is accepted with a warning in verdict, findings and notes where the driver is of the same major alone', () => {
    const older = partition('old', P100S.gpus, [kindOf('p100', { ...P100, driver: fact('450.80.02') })])
    const { compatibility, notes } = accepted(ask(onGpu('old'), { partitions: [older] }))
    assert.deepEqual([compatibility.verdict, compatibility.rule], ['compatible-with-warning', 'minor-version'])
    const warning = compatibility.findings.find(({ verdict }) => verdict === 'compatible-with-warning')
    assert.ok(notes.some(({ text }) => text === warning?.detail))
  })

  test('that may slide to the CPU is let in with a note, whatever the GPUs are', () => {
    const { compatibility, notes } = accepted(ask(onGpu('gpuk80', { backend: 'any' })))
    assert.deepEqual([compatibility.verdict, compatibility.rule], ['compatible-with-warning', 'cpu-rung'])
    assert.match(notes[0]?.text ?? '', /cannot use the GPUs of partition gpuk80, and will then go on the CPU/)
    assert.equal(
      accepted(ask(onGpu('unseen', { backend: 'any' }), { unknown: 'refuse' })).compatibility.rule,
      'cpu-rung',
    )
  })

  test('is not judged by CUDA where it computes by WebGPU, and what decides there is not known', () => {
    assert.equal(accepted(ask(onGpu('gpuk80', { backend: 'webgpu' }))).compatibility.rule, 'webgpu')
    const { problem, findings } = refused(ask(onGpu('gpuk80', { backend: 'webgpu' }), { unknown: 'refuse' }))
    assert.deepEqual([problem, pointers(findings)], ['compatibility-unknown', ['/training/backend']])
  })

  test('that computes on the CPU alone needs nothing of a GPU', () => {
    const line = onGpu('gpuk80', { preset: 'linear-regression', backend: 'any' })
    assert.equal(accepted(ask(line)).compatibility.rule, 'no-gpu')
  })
})

describe('what nobody knows', () => {
  test('is accepted with a note that says what is missing, unless the cluster refuses it', () => {
    const { compatibility, notes } = accepted(ask(onGpu('unseen')))
    assert.equal(compatibility.verdict, 'unknown')
    assert.equal(compatibility.facts, null)
    assert.match(notes[0]?.text ?? '', /nobody can tell yet\. .*GPU.* .*driver of the node is not known\./)
    const { problem, findings, report } = refused(ask(onGpu('unseen'), { unknown: 'refuse' }))
    assert.equal(problem, 'compatibility-unknown')
    assert.equal(report?.verdict, 'unknown')
    assert.ok(findings.length > 0 && pointers(findings).every(pointer => pointer === '/resources/partition'))
  })

  test('of a partition that was never seen is unknown too', () => {
    const answer = accept({
      request: onGpu('gpuk80'),
      principal,
      clusters: [clusterSettings({ partitions: ['gpuk80'] })],
      facts: null,
      compatibility: shippedCompatibility(),
      at: AT,
    })
    assert.equal(accepted(answer).compatibility.verdict, 'unknown')
  })
})

describe('the worker’s own runtime', () => {
  const cpus = (facts: Parameters<typeof kindOf>[1]): PartitionFacts[] => [
    partition('shared', [], [kindOf(null, facts)]),
  ]

  test('needs glibc 2.28 on every node that the job may land on, GPU or not', () => {
    const { problem, findings, report } = refused(ask(request(), { partitions: cpus({ glibc: fact('2.17') }) }))
    assert.deepEqual([problem, report?.rule, pointers(findings)], ['incompatible', 'glibc', ['/resources/partition']])
    assert.match(findings[0]?.detail ?? '', /needs glibc 2\.28, and there is 2\.17 on k01 of partition shared/)
    assert.ok(ask(request(), { partitions: cpus({ glibc: fact('2.28') }) }).accepted)
    assert.ok(ask(request(), { partitions: cpus({}) }).accepted, 'what nobody knows keeps nobody out')
  })

  test('is missed on the node that said so, and not on the first of its kind', () => {
    const n250 = { ...fact('2.17'), from: 'getconf GNU_LIBC_VERSION on n250' }
    const nodes = Array.from({ length: 256 }, (_, i) => `n${i + 1}`)
    const many = [partition('shared', [], [kindOf(null, { glibc: n250 }, { nodes, nodeCount: 500 })])]
    assert.match(
      refused(ask(request(), { partitions: many })).findings[0]?.detail ?? '',
      /2\.17 on n250 of partition shared$/,
    )
  })

  test('that one node lacks is nothing to whoever excludes it', () => {
    const { facts } = kindOf(null, { glibc: fact('2.36') })
    const groups = [
      { nodes: ['k01'], facts: { ...facts, glibc: fact('2.17') } },
      { nodes: ['k02'], facts },
    ]
    const one = { partitions: [partition('shared', [], [kindOf(null, { glibc: fact('2.17') }, { groups })])] }
    assert.equal(ask(request(), one).accepted, false)
    assert.ok(ask(request({ excludeNodes: ['k01'] }), one).accepted)
    assert.equal(ask(request({ excludeNodes: ['k02'] }), one).accepted, false)
  })

  test('that a job says does not start keeps no other job out', () => {
    const partitions = cpus({ node: fact('v1.0.0', 'job'), glibc: fact('2.1', 'job') })
    assert.ok(ask(request(), { partitions }).accepted)
  })

  test('is taken to run where it was seen to, however old the system is', () => {
    assert.ok(ask(request(), { partitions: cpus({ glibc: fact('2.17'), node: fact('v20.20.2') }) }).accepted)
  })

  test('keeps jobs out where it was seen not to start, or is too old', () => {
    for (const node of ['does not start: no such file', 'v18.20.4'])
      assert.equal(refused(ask(request(), { partitions: cpus({ node: fact(node) }) })).report?.rule, 'node-runtime')
  })

  test('keeps out a job that may slide to the CPU, too', () => {
    const old = [partition('old', P100S.gpus, [kindOf('p100', { ...P100, glibc: fact('2.17') })])]
    assert.equal(refused(ask(onGpu('old', { backend: 'any' }), { partitions: old })).report?.rule, 'glibc')
  })

  test('of nodes without a GPU is nothing to a job with one', () => {
    const both = partition('both', P100S.gpus, [kindOf(null, { glibc: fact('2.17') }), kindOf('p100', P100)])
    assert.ok(ask(onGpu('both'), { partitions: [both] }).accepted)
  })
})

describe('an environment', () => {
  const spec = (torch: string): Record<string, unknown> => ({ dependencies: ['python=3.10', { pip: [torch] }] })
  const withSpec = (name: string, spec: string | Record<string, unknown>, gpus = 1): JobRequest =>
    request({ partition: name, gpus }, { environment: { spec }, training: { kind: 'command', command: ['python'] } })

  test('that cannot run is refused before anything is solved, with what would run instead', () => {
    const { problem, findings, report } = refused(ask(withSpec('gpuk80', spec('torch==2.1.2+cu121'))))
    assert.equal(problem, 'incompatible')
    assert.deepEqual([...new Set(pointers(findings))], ['/environment/spec'])
    assert.ok((report?.nearest.length ?? 0) > 0)
  })

  test('that can is let through its first look, pinned to no lock yet', () => {
    const job = accepted(ask(withSpec('gpup100', spec('torch==1.13.1+cu117'))))
    assert.match(job.compatibility.verdict, /^compatible/)
    assert.equal(job.environment, null)
  })

  test('whose builds the solver has yet to choose is not refused for what nobody can tell before', () => {
    const open = { channels: ['conda-forge'], dependencies: ['python', 'pytorch'] }
    assert.ok(ask(withSpec('gpup100', open), { unknown: 'refuse' }).accepted)
    const asked = request({ partition: 'gpup100', gpus: 1 }, { training: { kind: 'command', command: ['a'] } })
    assert.equal(refused(ask(asked, { unknown: 'refuse' })).problem, 'compatibility-unknown')
  })
})

describe('a partition with several kinds of node', () => {
  const V100 = { driver: fact('580.65.06'), gpu: fact('Tesla V100-SXM2-16GB'), computeCapability: fact('7.0') }
  const B200 = { driver: fact('580.65.06'), gpu: fact('NVIDIA B200'), computeCapability: fact('10.0') }
  const H100 = { driver: fact('580.65.06'), gpu: fact('NVIDIA H100 80GB HBM3'), computeCapability: fact('9.0') }
  const both = (name: string, ...kinds: NodeKind[]): PartitionFacts =>
    partition(
      name,
      kinds.flatMap(({ gpus }) => gpus.map(({ type, count }) => ({ type, perNode: count }))),
      kinds,
    )
  const reportOf = (place: PartitionFacts, torch: string, resources: object = {}) => {
    const spec = { dependencies: ['python=3.11', { pip: [torch] }] }
    const asked = request(
      { partition: place.name, gpus: 1, ...resources },
      { environment: { spec }, training: { kind: 'command', command: ['python'] } },
    )
    return ask(asked, { partitions: [place] }).report ?? assert.fail('nothing was judged')
  }

  test('is judged by each of them: what runs on the weaker GPU may have no code for the stronger', () => {
    const place = both('mixed', kindOf('v100', V100), kindOf('b200', B200, { nodes: ['b01'], nodeCount: 1 }))
    const report = reportOf(place, 'torch==2.6.0+cu124')
    assert.equal(report.verdict, 'incompatible')
    assert.deepEqual(report.facts?.nodes, ['b01'])
    assert.match(report.detail, /^On b01 of partition mixed/)
    assert.match(reportOf(place, 'torch==2.6.0+cu124', { gpuType: 'v100' }).verdict, /^compatible/)
    for (const { software, partition: elsewhere } of report.nearest)
      for (const kind of [V100, B200])
        if (elsewhere === null) {
          const hardware = { driver: kind.driver.value, gpu: kind.gpu.value }
          assert.match(shippedCompatibility().judge({ ...software, ...hardware }).verdict, /^compatible/)
        }
  })

  test('of which one has another processor is judged there, too', () => {
    const x86 = kindOf('h100', { ...H100, cpuArch: fact('x86_64') })
    const arm = kindOf(
      'gh200',
      { ...H100, gpu: fact('NVIDIA GH200 480GB'), cpuArch: fact('aarch64') },
      { nodes: ['h01'] },
    )
    const alone = shippedCompatibility().judge({
      framework: 'tfjs-node-gpu',
      frameworkVersion: '4.22.0',
      driver: '580.65.06',
      gpu: 'NVIDIA H100 80GB HBM3',
      cpuArch: 'aarch64',
    })
    const answer = ask(onGpu('arms'), { partitions: [both('arms', x86, arm)] })
    assert.equal(answer.accepted, alone.verdict !== 'incompatible', alone.detail)
    assert.equal(alone.verdict, 'incompatible')
  })

  test('keeps the glibc that one kind has where that of another is not known', () => {
    const old = kindOf('a100', { ...A100, glibc: fact('2.17'), node: fact('v20.20.2') })
    const place = both('glibcs', old, kindOf('a100', A100, { nodes: ['a09'], features: ['new'] }))
    const report = reportOf(place, 'torch==2.6.0+cu126')
    assert.equal(report.facts?.glibc?.value, '2.17')
  })

  test('sends nobody to a partition where it runs on some of the nodes only', () => {
    const place = both('half', kindOf('p100', P100), kindOf('k80', K80))
    assert.deepEqual(
      refused(ask(onGpu('gpuk80'), { partitions: [K80S, place] })).report?.nearest.map(({ changes }) => changes.length),
      [2],
      'it has to name the GPU type, too',
    )
  })
})

describe('what a job said of a node', () => {
  const claims = [{ node: 'p01', job: 'abc', at: AT, says: 'driver 100.1 (when it was looked at: 470.82.01)' }]
  const claimed = { partitions: [partition('gpup100', P100S.gpus, [kindOf('p100', P100, { claims })])] }

  test('is a warning to others and keeps nobody out, whatever it says', () => {
    for (const unknown of ['accept', 'refuse'] as const) {
      const { compatibility, notes } = accepted(ask(onGpu('gpup100'), { ...claimed, unknown }))
      assert.deepEqual([compatibility.verdict, compatibility.rule], ['compatible-with-warning', 'claimed'])
      assert.match(notes[0]?.text ?? '', /^Node p01: job abc says driver 100\.1/)
    }
    assert.equal(accepted(ask(request({ partition: 'gpup100' }), claimed)).compatibility.rule, 'no-gpu')
    assert.equal(
      accepted(ask(onGpu('gpup100', {}, { excludeNodes: ['p01'] }), claimed)).compatibility.verdict,
      'compatible',
    )
  })
})

describe('an environment that cannot be read', () => {
  test('is left to the solver, which says what is wrong with it and where', () => {
    for (const spec of ['dependencies: [', 'just words', { dependencies: 'torch' }, { dependencies: [{ pip: 1 }] }]) {
      assert.ok(ask(request({ partition: 'gpup100', gpus: 1 }, { environment: { spec } })).accepted)
    }
  })
})

describe('what is kept of a report', () => {
  const { report } = refused(ask(onGpu('gpuk80')))
  const whole = report ?? assert.fail()

  test('are at most sixteen findings that keep it out or warn, and it fits the record', () => {
    const kept = keptOf({ ...whole, findings: Array.from({ length: 20 }, () => whole.findings).flat() })
    assert.equal(kept.findings.length, 16)
    assert.ok(kept.findings.every(({ verdict }) => verdict !== 'compatible'))
    JobCompatibility.parse(kept)
  })

  test('names the least trusted source of the facts, and the oldest', () => {
    const facts = {
      ...K80,
      gpu: fact('k80', 'gres', later(-9_000)),
      computeCapability: fact('3.7', 'gres', later(-9_000)),
    }
    const answer = ask(onGpu('gpuk80', { backend: 'any' }), {
      partitions: [partition('gpuk80', K80S.gpus, [kindOf('k80', facts)])],
    })
    const { source, at } = accepted(answer).compatibility.facts ?? assert.fail()
    assert.deepEqual([source, at], ['gres', later(-9_000)])
  })

  test('is shown whole where the store has it, and says so where it has not', () => {
    const job = record({ compatibility: keptOf(whole) })
    assert.deepEqual(reportShown(job, whole), { judgedAt: AT, complete: true, report: whole })
    const short = reportShown(job, null)
    assert.deepEqual([short.complete, short.report.rule, short.report.nearest], [false, whole.rule, []])
    assert.equal(reportShown(record(), null).complete, true)
  })
})
