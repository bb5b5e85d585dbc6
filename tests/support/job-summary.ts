// A job as lists tell of it: one that was just accepted, but for what a test says.
import { JobSummary } from '@trotline/contracts'

export const summary = (over: Partial<JobSummary>): JobSummary =>
  JobSummary.parse({
    id: 'a00000000000',
    name: 'auto-mpg',
    owner: 'tester',
    cluster: 'local',
    partition: 'shared',
    state: 'accepted',
    createdAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    slurmJobId: null,
    slurmState: null,
    epochs: 0,
    ofEpochs: 20,
    loss: null,
    lossNonFinite: null,
    gpus: 0,
    startedAt: null,
    hold: null,
    failure: null,
    why: null,
    ...over,
  })
