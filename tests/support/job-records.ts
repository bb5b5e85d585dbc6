// Records, requests and settings of jobs as the orchestrator holds them: whole and valid, with what a test cares about put over.
import { createHash } from 'node:crypto'
import { type Epoch, JobRequest, type RunResult, type SlurmView, type TrainingReport } from '@trotline/contracts'
import type { z } from 'zod'
import type { ClusterSettings } from '../../apps/orchestrator/src/config.ts'
import { ClusterEnvironments } from '../../apps/orchestrator/src/environment-settings.ts'
import { newJobId } from '../../apps/orchestrator/src/lifecycle/accept.ts'
import type { ClusterFacts } from '../../apps/orchestrator/src/store/facts.ts'
import { type JobRecord, untried } from '../../apps/orchestrator/src/store/record.ts'

export const AT = '2030-01-02T03:04:05.000Z'
export const later = (ms: number): string => new Date(Date.parse(AT) + ms).toISOString()
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

type RequestInput = z.input<typeof JobRequest>

export const requestBody = (
  resources: Partial<RequestInput['resources']> = {},
  rest: Partial<RequestInput> = {},
): RequestInput => ({
  name: 'auto-mpg',
  cluster: 'local',
  resources: { partition: 'shared', ...resources },
  training: { kind: 'preset', preset: 'auto-mpg', epochs: 1000 },
  ...rest,
})

export const request = (...args: Parameters<typeof requestBody>): JobRequest => JobRequest.parse(requestBody(...args))

export function record(over: Partial<JobRecord> = {}, inner: Partial<JobRecord['inner']> = {}): JobRecord {
  return {
    schemaVersion: 1,
    id: newJobId(),
    revision: 1,
    name: 'auto-mpg',
    owner: { id: 'ada', name: 'Ada' },
    identity: { name: 'default', unixUser: 'ada' },
    cluster: 'local',
    state: 'accepted',
    request: request(),
    createdAt: AT,
    updatedAt: AT,
    endedAt: null,
    compatibility: {
      verdict: 'compatible',
      rule: 'no-gpu',
      detail: 'It uses no GPU: no driver and no CUDA have to fit.',
      findings: [],
      facts: null,
    },
    submission: 1,
    submissions: [
      {
        submission: 1,
        cause: 'request',
        at: AT,
        evidence: [],
        timeLimitMinutes: 60,
        warnSeconds: 120,
        slurmJobId: null,
        elapsedSeconds: null,
      },
    ],
    slurm: null,
    runs: [],
    trying: null,
    hold: null,
    cancelRequestedAt: null,
    failure: null,
    result: null,
    environment: null,
    data: [],
    rerunOf: null,
    worker: null,
    notes: [],
    ...over,
    inner: { ...untried(AT), ...inner },
  }
}

export const slurmView = (over: Partial<SlurmView> = {}): SlurmView => ({
  jobId: '17',
  name: 'tl-abc-1',
  state: 'PENDING',
  reason: null,
  exitCode: null,
  nodes: null,
  submitTime: AT,
  startTime: null,
  endTime: null,
  restarts: 0,
  source: 'squeue',
  seenAt: AT,
  ...over,
})

/** Of a training that left nothing but an ending, with what a test cares about put over. */
export const trainingReport = (over: Partial<TrainingReport> = {}): TrainingReport => ({
  backend: 'simd',
  engine: 'simd',
  skipped: [],
  epochs: 3,
  metrics: {},
  coefficients: null,
  trainStatistics: null,
  layers: null,
  history: [],
  best: null,
  stoppedEarlyAt: null,
  weightsSha256: null,
  artifacts: [],
  fitSeconds: 1,
  ...over,
})

export const runResult = (over: Partial<RunResult> = {}): RunResult => ({
  v: 1,
  jobId: 'abcdefghjkmn',
  run: '1-0',
  slurmJobId: '17',
  node: 'c01',
  outcome: 'completed',
  stoppedBy: null,
  signal: null,
  failure: null,
  training: trainingReport(),
  resumed: null,
  checkpoint: null,
  startedAt: AT,
  endedAt: AT,
  release: sha256('release'),
  environment: null,
  data: [],
  command: null,
  runtime: 'v20.20.2',
  reporting: { messages: 3, secondsInReporter: 0.1 },
  ...over,
})

/** Epochs first..last of a run, with a loss that tells the run apart. */
export const epochsOf = (run: string, first: number, last: number, attempt = 1): Epoch[] =>
  Array.from({ length: last - first + 1 }, (_, i) => ({
    epoch: first + i,
    at: AT,
    seconds: 0.01,
    values: { loss: Number(run.replace('-', '.')) },
    run,
    attempt,
  }))

export const clusterSettings = (over: Partial<ClusterSettings> = {}): ClusterSettings => ({
  name: 'local',
  ssh: { host: '127.0.0.1', port: 9, knownHostsFile: '/nowhere/known_hosts' },
  identities: [{ name: 'default', unixUser: 'ada', privateKeyFile: '/nowhere/key' }],
  workDir: '/scratch/trotline',
  node: '/usr/bin/node',
  prologue: [],
  reports: { kind: 'directory' },
  pollIntervalMs: 5_000,
  warnSecondsBeforeLimit: 120,
  infrastructureRetries: 5,
  checkpointEverySeconds: 300,
  resultPatienceMs: 120_000,
  ceilings: {
    connections: 32,
    channelsPerConnection: 4,
    commandsPerMinute: 7_500,
    submissionsPerMinute: 6_000,
    waitSeconds: 120,
  },
  breaker: { faults: 5, windowSeconds: 120, slowAnswerSeconds: 20, restSeconds: 5, longestRestSeconds: 60 },
  compatibility: { unknown: 'accept', libtensorflow: null },
  nodes: [],
  probe: { automatic: 'off', maxAgeHours: 24, pendingMinutes: 30, account: null, qos: null },
  environments: ClusterEnvironments.parse({}),
  ...over,
})

export const clusterFacts = (over: Partial<ClusterFacts> = {}): ClusterFacts => ({
  cluster: 'local',
  slurmVersion: '22.05.8',
  accounting: true,
  partitions: [
    {
      name: 'shared',
      maxTimeMinutes: 600,
      maxCpusPerNode: 24,
      maxMemoryMiBPerNode: 120_000,
      gpus: [],
      preemption: null,
      nodeKinds: [],
    },
    {
      name: 'gpu',
      maxTimeMinutes: null,
      maxCpusPerNode: 48,
      maxMemoryMiBPerNode: 480_000,
      gpus: [
        { type: 'a100', perNode: 4 },
        { type: 'k80', perNode: 8 },
      ],
      preemption: null,
      nodeKinds: [],
    },
  ],
  seenAt: AT,
  ...over,
})
