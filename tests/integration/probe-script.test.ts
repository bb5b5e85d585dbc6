// The probe's script, run by a real shell on this machine with an nvidia-smi of the test's own.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readLook } from '../../apps/orchestrator/src/clusters/node-look.ts'
import { renderProbeScript } from '../../apps/orchestrator/src/clusters/probe-script.ts'

test('what it leaves is a look at the machine that it ran on', t => {
  const directory = mkdtempSync(join(tmpdir(), 'trotline-probe-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const bin = join(directory, 'nvidia-smi')
  writeFileSync(
    bin,
    `#!/bin/sh
case "$*" in
  *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 6 ;;
  *query*) echo 'Tesla K80, 396.37' ;;
  *) echo '| NVIDIA-SMI 396.37 |' ;;
esac
`,
  )
  chmodSync(bin, 0o755)
  const script = renderProbeScript({
    slurmName: 'tl-probe-12345678-90abcdef',
    partition: 'gpuk80',
    node: 'k01',
    gpuTypes: ['k80'],
    account: null,
    qos: null,
    directory,
    runtime: process.execPath,
    prologue: ['echo an operator says hello', `PATH=${directory}:$PATH`],
  })
  const ran = spawnSync('bash', ['-c', script], {
    env: { PATH: process.env.PATH, SLURMD_NODENAME: 'k01' },
    encoding: 'utf8',
  })
  assert.equal(ran.status, 0, ran.stderr)
  const found = readLook(readFileSync(join(directory, 'look'), 'utf8'))
  assert.deepEqual(
    [found?.node, found?.driver, found?.gpus, found?.gpuTrouble, found?.nodeVersion, found?.nodeTrouble],
    ['k01', '396.37', [{ name: 'Tesla K80', computeCapability: null }], null, process.version, null],
  )
  assert.match(`${found?.glibc} ${found?.cpuArch}`, /^2\.\d+ \w+$/)
  assert.ok(Math.abs(Date.now() - Date.parse(found?.at ?? '')) < 60_000)
  assert.deepEqual(readdirSync(directory).toSorted(), ['look', 'nvidia-smi'], 'nothing else is left')
})
