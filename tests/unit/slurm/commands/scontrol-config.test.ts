import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseScontrolConfig } from '../../../../packages/slurm/src/commands/scontrol-config.ts'
import { resultOf } from '../../../fixtures/fixture-file.ts'
import { recorded } from './fixtures.ts'

test('version, cluster, memory of squeue, accounting and what befalls jobs are read', () => {
  for (const fixture of recorded('scontrol-config')) {
    const { bootAt, ...facts } = parseScontrolConfig(resultOf(fixture))
    assert.match(bootAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.deepEqual(facts, {
      version: fixture.slurm,
      clusterName: 'trotline',
      minJobAgeSeconds: 300,
      accounting: true,
      killWaitSeconds: 5,
      preemptType: 'preempt/partition_prio',
      preemptMode: 'REQUEUE',
      preemptExemptSeconds: 0,
      overTimeLimitSeconds: 0,
      jobRequeue: true,
      maxJobCount: 20_000,
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
    assert.equal(set('PreemptExemptTime', '1-00:01:00').preemptExemptSeconds, 86_460)
    assert.equal(set('PreemptExemptTime', 'UNLIMITED').preemptExemptSeconds, 0)
    assert.equal(set('OverTimeLimit', '5 min').overTimeLimitSeconds, 300)
    assert.equal(set('OverTimeLimit', 'UNLIMITED').overTimeLimitSeconds, 'unlimited')
    assert.equal(set('JobRequeue', '0').jobRequeue, false)
    assert.deepEqual(set('PrivateData', 'accounts,jobs').privateData, ['accounts', 'jobs'])
    for (const [key, value] of [
      ['KillWait', 'soon'],
      ['PreemptExemptTime', 'never'],
      ['JobRequeue', 'maybe'],
      ['BOOT_TIME', 'yesterday'],
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
