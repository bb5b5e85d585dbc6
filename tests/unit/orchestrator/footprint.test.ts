import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Footprint } from '@trotline/contracts'
import { commandKindOf, urgencyOf } from '../../../apps/orchestrator/src/clusters/command-kind.ts'
import { createFootprint, RollingCount } from '../../../apps/orchestrator/src/clusters/footprint.ts'

describe('the footprint', () => {
  const NOW = { connections: 1, waiting: 0, spent: { commands: 0, submissions: 0 } }

  test('counts commands of the last minute and of the last hour, by kind', () => {
    let nowMs = Date.parse('2030-01-02T03:04:05Z')
    const footprint = createFootprint(() => nowMs)
    footprint.command('squeue')
    nowMs += 90_000
    footprint.command('squeue')
    footprint.command('sbatch', 50)
    const view = Footprint.parse(footprint.view(NOW))
    assert.deepEqual([view.commandsLastMinute.squeue, view.commandsLastHour.squeue], [1, 2])
    assert.deepEqual([view.commandsLastMinute.sbatch, view.commandsLastMinute.sacct], [50, 0])
    nowMs += 3_600_000
    assert.equal(footprint.view(NOW).commandsLastHour.squeue, 0)
  })

  test('keeps the most channels there were', () => {
    const footprint = createFootprint()
    for (const channels of [1, 4, 2]) footprint.channels(channels)
    const view = footprint.view(NOW)
    assert.deepEqual([view.channels, view.channelsPeak], [2, 4])
  })

  test('adds up bytes, waits and refusals', () => {
    const footprint = createFootprint()
    footprint.bytes(10, 200)
    footprint.bytes(5, 0)
    footprint.waited(1_250)
    footprint.refused('resting')
    const { bytesOut, bytesIn, secondsWaited, refused } = footprint.view(NOW)
    assert.deepEqual([bytesOut, bytesIn, secondsWaited, refused], [15, 200, 1.3, { ceiling: 0, resting: 1 }])
  })

  test('a rolling count holds sixty slots and no more', () => {
    const count = new RollingCount(1_000)
    for (let second = 0; second < 200; second++) count.add(1, second * 1_000)
    assert.equal(count.sum(199_999), 60)
    assert.equal(count.sum(229_000), 30)
    assert.equal(count.sum(259_000), 0)
  })
})

describe('a command', () => {
  test('is known by Slurm’s word behind its prelude', () => {
    const behind = (...argv: string[]): string[] => [
      'bash',
      '--norc',
      '-c',
      'exec "$@"',
      'slurm-command',
      '30',
      '',
      ...argv,
    ]
    assert.equal(commandKindOf(behind('squeue', '--noheader'), 'query'), 'squeue')
    assert.equal(commandKindOf(behind('scontrol', '--local', 'show', 'config'), 'query'), 'scontrol')
    assert.equal(commandKindOf(['timeout', '15', 'scontrol', 'ping'], 'query'), 'scontrol')
    assert.equal(commandKindOf(['sh', '-c', 'ls', 'list-runs', '/scratch/jobs/ada/x'], 'query'), 'other')
  })

  test('of a submission step is counted by what was reserved for it, not by its words', () => {
    assert.equal(commandKindOf(['setsid', 'bash', '-c', 'squeue', 'submit-once', 'squeue'], 'submit'), 'other')
  })

  test('that watches or cancels goes first', () => {
    assert.deepEqual((['squeue', 'scancel', 'sacct', 'sinfo', 'scontrol'] as const).map(urgencyOf), [
      'urgent',
      'urgent',
      'question',
      'question',
      'question',
    ])
  })
})
