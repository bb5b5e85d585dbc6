import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JobRequest, NodeKind, PartitionFacts } from '@trotline/contracts'
import type { PinnedLock } from '@trotline/environment'
import { type Accepted, accept } from '../../../apps/orchestrator/src/lifecycle/accept.ts'
import { unmakeable } from '../../../apps/orchestrator/src/lifecycle/environment-makeable.ts'
import { A100, fact, K80, kindOf, P100, shippedCompatibility } from '../../support/compatibility.ts'
import { AT, clusterFacts, clusterSettings, request, sha256 } from '../../support/job-records.ts'
import { lockedConda, pinnedLock, tutorialLock } from '../../support/locks.ts'

const principal = { owner: { id: 'ada', name: 'Ada' }, role: 'user', identity: 'default' } as const
const partition = (name: string, nodeKinds: NodeKind[]): PartitionFacts => ({
  name,
  maxTimeMinutes: null,
  maxCpusPerNode: 24,
  maxMemoryMiBPerNode: 120_000,
  gpus: nodeKinds.flatMap(({ gpus }) => gpus.map(({ type, count }) => ({ type, perNode: count }))),
  preemption: null,
  nodeKinds,
})
const GPUOLD = partition('gpuold', [kindOf('k80', { ...K80, driver: fact('375.26'), glibc: fact('2.17') })])
const GPUK80 = partition('gpuk80', [kindOf('k80', { ...K80, glibc: fact('2.28') })])
const SHARED = partition('shared', [kindOf(null, { glibc: fact('2.28'), cpuArch: fact('x86_64') })])

const ask = (name: string, gpus: number, lock: PinnedLock, partitions = [GPUOLD, GPUK80, SHARED]): Accepted =>
  accept({
    request: command(name, gpus),
    principal,
    clusters: [clusterSettings()],
    facts: clusterFacts({ partitions }),
    compatibility: shippedCompatibility(),
    at: AT,
    environment: { ...lock, name: null },
  })
const command = (name: string, gpus: number): JobRequest =>
  request(
    { partition: name, gpus },
    { environment: { name: 'ml' }, training: { kind: 'command', command: ['python', 'train.py'] } },
  )
const refused = (answer: Accepted) => (answer.accepted ? assert.fail('it was accepted') : answer)
const accepted = (answer: Accepted) => (answer.accepted ? answer : assert.fail(JSON.stringify(answer)))

describe('a job in an environment', () => {
  test('is refused where the driver is too old, in our words first', () => {
    const { problem, findings, report } = refused(ask('gpuold', 1, tutorialLock()))
    const sentence =
      'The environment needs a driver for CUDA 9.2 because of cudatoolkit 9.2; partition gpuold offers 8.0.'
    assert.equal(problem, 'incompatible')
    assert.equal(report?.detail, sentence)
    assert.deepEqual([findings[0]?.pointer, findings[0]?.detail], ['/environment', sentence])
    assert.deepEqual([findings[0]?.required, findings[0]?.found], ['__cuda >=9.2', '__cuda 8.0'])
  })

  test('runs where the driver is new enough, judged by the builds in its lock', () => {
    const { report, job } = accepted(ask('gpuk80', 1, tutorialLock()))
    assert.equal(report.verdict, 'compatible', report.detail)
    assert.equal(job.environment?.lock, tutorialLock().id)
    assert.equal(job.compatibility.facts?.driver, '396.37')
  })

  test('is told what its builds lack for a GPU, however new the driver', () => {
    const a100 = partition('gpua100', [kindOf('a100', A100)])
    const { report, job } = accepted(ask('gpua100', 1, tutorialLock(), [a100]))
    assert.equal(report.verdict, 'compatible-with-warning')
    assert.match(job.notes[0]?.text ?? '', /holds no machine code for A100/)
  })

  test('without GPUs needs no driver, whatever its packages say of one that is there', () => {
    assert.equal(accepted(ask('gpuold', 0, tutorialLock())).report.rule, 'lock-fits')
    const asking = pinnedLock({
      virtualPackages: [{ name: '__cuda', requires: '>=9.2', presence: 'required', by: ['python'] }],
    })
    assert.match(refused(ask('shared', 0, asking)).report?.detail ?? '', /partition shared has no GPU\.$/)
  })

  test('is held against glibc and processor of every node, with GPUs and without', () => {
    const glibc = pinnedLock({
      virtualPackages: [{ name: '__glibc', requires: '>=2.34', presence: 'required', by: ['python'] }],
    })
    const sentence = 'The environment needs glibc 2.34 because of python 3.6.9; partition shared has 2.28.'
    assert.equal(refused(ask('shared', 0, glibc)).report?.detail, sentence)
    assert.equal(refused(ask('gpuk80', 1, glibc)).problem, 'incompatible')
    const python = { ...lockedConda('python', '3.9.1'), subdir: 'linux-aarch64' as const }
    const arm = pinnedLock({
      platform: 'linux-aarch64',
      conda: [{ ...python, url: python.url.replace('linux-64', 'linux-aarch64') }],
    })
    assert.match(
      refused(ask('shared', 0, arm)).report?.detail ?? '',
      /^The environment is made for linux-aarch64; partition shared is linux-64\.$/,
    )
  })

  test('is held against each sort of node, and the one that lacks something is named', () => {
    const both = partition('both', [
      kindOf('p100', { ...P100, glibc: fact('2.34') }, { nodes: ['p01'], nodeCount: 1 }),
      kindOf('k80', { ...K80, driver: fact('375.26'), glibc: fact('2.34') }, { nodes: ['k09'], nodeCount: 1 }),
    ])
    const { report } = refused(ask('both', 1, tutorialLock(), [both]))
    assert.match(report?.detail ?? '', /; k09 of partition both offers 8\.0\.$/)
  })

  test('is not refused for what nobody knows of the nodes', () => {
    const unseen = { ...partition('unseen', []), gpus: [{ type: null, perNode: 4 }] }
    assert.equal(accepted(ask('unseen', 1, tutorialLock(), [unseen])).report.verdict, 'unknown')
  })
})

const CHANNELS = [{ name: 'main', url: 'https://conda.example.test/main' }]

test('an environment of a channel that this server takes nothing from is refused, whoever brought its lock', () => {
  const { lock } = tutorialLock()
  const findings = (otherChannels: 'refuse' | 'accept') =>
    unmakeable(lock, clusterSettings(), { channels: CHANNELS, otherChannels, pipIndex: null })
  assert.match(
    findings('refuse')[0]?.detail ?? '',
    /^The environment has packages of https:\/\/conda\.example\.test\/pytorch, and this server takes none from there$/,
  )
  assert.equal(findings('refuse')[0]?.required, 'https://conda.example.test/main')
  assert.deepEqual(findings('accept'), [])
})

describe('an environment with packages of pip', () => {
  const lock = pinnedLock({ pip: [{ name: 'six', version: '1.16.0', sha256: [sha256('six')] }] }).lock
  const detailOf = (archives: 'download' | 'upload', index: string | null): string | undefined => {
    const settings = clusterSettings()
    const cluster = { ...settings, environments: { ...settings.environments, archives } }
    return unmakeable(lock, cluster, { channels: CHANNELS, otherChannels: 'refuse', pipIndex: index })[0]?.detail
  }

  test('is refused where they cannot be had, and why is said', () => {
    assert.match(detailOf('download', null) ?? '', /a package of pip \(six\), and this server knows no index/)
    assert.match(detailOf('upload', 'https://index.example.test/simple') ?? '', /cluster local reaches no network/)
    assert.equal(detailOf('download', 'https://index.example.test/simple'), undefined)
  })
})
