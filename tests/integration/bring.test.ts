// Job files brought to a real file system in one step, over a local transport: modes, wholeness, neighbours.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { createLocalTransport, SlurmError, type Transport } from '@trotline/slurm'
import { type Bundle, bringJobs } from '../../apps/orchestrator/src/clusters/bring.ts'
import { tarOf } from '../../apps/orchestrator/src/clusters/tar.ts'
import { OrchestratorError } from '../../apps/orchestrator/src/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'trotline-bring-'))
const transport = createLocalTransport()
after(async () => {
  await transport.close()
  rmSync(folder, { recursive: true, force: true })
})

const bundle = (jobId: string, text = 'some text'): Bundle => ({
  jobId,
  files: [
    { path: 'spec.json', content: `{"é": "${text}"}\n`, mode: 0o600 },
    { path: 'script.sh', content: `#!/bin/bash\n${text}\n`, mode: 0o600 },
  ],
})

describe('bringing jobs', () => {
  let workDir = ''
  const own = (...path: string[]): string => join(workDir, 'jobs', 'ada', ...path)
  const bring = (bundles: readonly Bundle[], over: Transport = transport) => bringJobs(over, workDir, 'ada', bundles)
  beforeEach(() => {
    workDir = mkdtempSync(join(folder, 'work-'))
    mkdirSync(join(workDir, 'jobs'))
  })

  test('many jobs arrive in one step, private, with their folders, and nothing else is left', async () => {
    const some = Array.from({ length: 70 }, (_, i) => bundle(`job${i}`, 'x'.repeat(i * 20)))
    assert.deepEqual(await bring(some), new Map())
    assert.deepEqual(readdirSync(own()).toSorted(), ['.bring', ...some.map(({ jobId }) => jobId)].toSorted())
    assert.deepEqual(readdirSync(own('.bring')), [])
    for (const { jobId, files } of some) {
      assert.deepEqual(readdirSync(own(jobId)).toSorted(), ['runs', 'script.sh', 'spec.json'])
      for (const { path, content } of files) assert.equal(readFileSync(own(jobId, path), 'utf8'), content)
    }
    const mode = (path: string): number => statSync(path).mode & 0o7777
    assert.deepEqual(
      ['', 'job7', 'job7/runs'].map(path => mode(own(path))),
      [0o700, 0o700, 0o700],
    )
    assert.equal(mode(own('job7/spec.json')), 0o600)
  })

  test('a job that is there already gets its files anew and keeps all others', async () => {
    await bring([bundle('job1', 'first')])
    writeFileSync(own('job1', 'receipt-1.json'), 'a receipt')
    rmSync(own('job1', 'runs'), { recursive: true })
    assert.deepEqual(await bring([bundle('job1', 'second'), bundle('job2')]), new Map())
    assert.match(readFileSync(own('job1', 'script.sh'), 'utf8'), /second/)
    assert.equal(readFileSync(own('job1', 'receipt-1.json'), 'utf8'), 'a receipt')
    assert.ok(existsSync(own('job1', 'runs')) && existsSync(own('job2', 'spec.json')))
  })

  test('a stream that is cut anywhere brings nothing, and may be sent again', async () => {
    const bundles = [bundle('job1'), bundle('job2')]
    const cutAt = (part: number): Transport => ({
      ...transport,
      exec: (argv, options = {}) => {
        const whole = options.stdin as Buffer
        // The last kibibyte is what ends a tar stream: nothing that was sent is missing there.
        return transport.exec(argv, { ...options, stdin: whole.subarray(0, Math.floor((whole.length - 1_024) * part)) })
      },
    })
    for (const part of [0, 0.1, 0.33, 0.5, 0.7, 0.9]) {
      await assert.rejects(
        bring(bundles, cutAt(part)),
        (error: SlurmError) => error.code === 'FILE_FAILED' && error.transient,
      )
      assert.deepEqual(readdirSync(own()), ['.bring'])
      assert.deepEqual(readdirSync(own('.bring')), [])
    }
    assert.deepEqual(await bring(bundles), new Map())
    assert.ok(existsSync(own('job2', 'script.sh')))
  })

  test('one job whose name somebody took is refused by itself; its neighbours arrive', async () => {
    mkdirSync(own(), { recursive: true })
    symlinkSync('/tmp', own('job2'))
    const troubles = await bring([bundle('job1'), bundle('job2'), bundle('job3')])
    assert.deepEqual([...troubles.keys()], ['job2'])
    const [error] = troubles.values()
    assert.ok(error instanceof OrchestratorError && error.code === 'DIRECTORY_REFUSED')
    assert.match(error.message, /belongs to somebody else/)
    assert.ok(existsSync(own('job1', 'spec.json')) && existsSync(own('job3', 'spec.json')))
    assert.ok(!existsSync('/tmp/spec.json'))
  })

  test('one job whose files cannot be replaced fails by itself, for now', async () => {
    await bring([bundle('job1'), bundle('job2')])
    rmSync(own('job1', 'spec.json'))
    mkdirSync(own('job1', 'spec.json', 'in the way'), { recursive: true })
    const troubles = await bring([bundle('job1'), bundle('job2', 'second')])
    const [[jobId, error] = []] = troubles
    assert.ok(jobId === 'job1' && error instanceof SlurmError && error.code === 'FILE_FAILED')
    assert.match(readFileSync(own('job2', 'script.sh'), 'utf8'), /second/)
  })

  test("a user's folder that is not that user's is refused for good", async () => {
    mkdirSync(join(workDir, 'elsewhere'))
    symlinkSync(join(workDir, 'elsewhere'), own())
    await assert.rejects(
      bring([bundle('job1')]),
      (error: OrchestratorError) => error.code === 'DIRECTORY_REFUSED' && !error.transient,
    )
    assert.deepEqual(readdirSync(join(workDir, 'elsewhere')), [])
  })

  test("a user's folder that was open is closed", async () => {
    mkdirSync(own())
    chmodSync(own(), 0o755)
    await bring([bundle('job1')])
    assert.equal(statSync(own()).mode & 0o777, 0o700)
  })
})

test('the stream is a tar stream to tar itself', () => {
  const stream = tarOf([
    { path: 'abc/', mode: 0o700 },
    { path: 'abc/exactly', mode: 0o444, content: 'x'.repeat(512) },
    { path: 'empty', mode: 0o600, content: '' },
  ])
  const listed = execFileSync('tar', ['-tv', '--numeric-owner', '-f', '-'], { input: stream, encoding: 'utf8' })
  const rows = listed.trim().split('\n')
  assert.deepEqual(
    rows.map(line => line.split(/ +/)).map(([mode, owner, bytes, , , path]) => [mode, owner, bytes, path]),
    [
      ['drwx------', '0/0', '0', 'abc/'],
      ['-r--r--r--', '0/0', '512', 'abc/exactly'],
      ['-rw-------', '0/0', '0', 'empty'],
    ],
  )
  assert.throws(() => tarOf([{ path: 'x'.repeat(101), mode: 0o600, content: '' }]), TypeError)
})
