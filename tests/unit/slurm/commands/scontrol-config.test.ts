import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseScontrolConfig } from '../../../../packages/slurm/src/commands/scontrol-config.ts'
import { resultOf } from '../../../fixtures/fixture-file.ts'
import { recorded } from './fixtures.ts'

test('version, cluster, memory of squeue, accounting and what befalls jobs are read', () => {
  for (const fixture of recorded('scontrol-config')) {
    assert.deepEqual(parseScontrolConfig(resultOf(fixture)), {
      version: fixture.slurm,
      clusterName: 'trotline',
      minJobAgeSeconds: 300,
      accounting: true,
      killWaitSeconds: 5,
      preemptType: 'preempt/partition_prio',
      overTimeLimitSeconds: 0,
      privateData: [],
    })
  }
})

test('no accounting is known by either of its two names', () => {
  for (const fixture of recorded('scontrol-config')) {
    for (const none of ['accounting_storage/none', '(null)']) {
      const stdout = fixture.stdout.replace('accounting_storage/slurmdbd', none)
      assert.equal(parseScontrolConfig({ ...resultOf(fixture), stdout }).accounting, false)
    }
  }
})

test('other settings are read as they are printed', () => {
  for (const fixture of recorded('scontrol-config')) {
    const set = (key: string, value: string) =>
      parseScontrolConfig({
        ...resultOf(fixture),
        stdout: fixture.stdout.replace(new RegExp(`^(${key}\\s+= ).*$`, 'm'), `$1${value}`),
      })
    for (const none of ['(null)', 'preempt/none']) assert.equal(set('PreemptType', none).preemptType, null)
    assert.equal(set('OverTimeLimit', '5 min').overTimeLimitSeconds, 300)
    assert.equal(set('OverTimeLimit', 'UNLIMITED').overTimeLimitSeconds, 'unlimited')
    assert.deepEqual(set('PrivateData', 'accounts,jobs').privateData, ['accounts', 'jobs'])
    for (const [key, value] of [
      ['KillWait', 'soon'],
      ['OverTimeLimit', 'never'],
    ] as const) {
      assert.throws(() => set(key, value), { code: 'SLURM_UNREADABLE' }, key)
    }
  }
})

test('a setting that is missing is an error, and so is a controller that is away', () => {
  for (const fixture of recorded('scontrol-config')) {
    const stdout = fixture.stdout.replace(/^MinJobAge.*\n/m, '')
    assert.throws(() => parseScontrolConfig({ ...resultOf(fixture), stdout }), { code: 'SLURM_UNREADABLE' })
  }
  for (const fixture of recorded('scontrol-no-slurmctld')) {
    assert.throws(() => parseScontrolConfig(resultOf(fixture)), { code: 'SLURM_UNREACHABLE' })
  }
})
