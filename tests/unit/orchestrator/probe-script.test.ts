// What a look asks of Slurm. What it does on a node: tests/integration/probe-script.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProbeOrder, renderProbeScript } from '../../../apps/orchestrator/src/clusters/probe-script.ts'

const order = (over: Partial<ProbeOrder> = {}): ProbeOrder => ({
  slurmName: 'tl-probe-12345678-90abcdef',
  directory: '/scratch/trotline/probes/12345678-90abcdef',
  partition: 'gpuk80',
  node: 'k01',
  gpuTypes: ['k80'],
  account: null,
  qos: null,
  runtime: '/opt/node/bin/node',
  prologue: [],
  ...over,
})

test('it asks for one node, one core and one GPU of each type, by fixed text', () => {
  const directives = (of: Partial<ProbeOrder>): string[] => renderProbeScript(order(of)).match(/^#SBATCH .*$/gm) ?? []
  assert.deepEqual(directives({}), [
    '#SBATCH --job-name=tl-probe-12345678-90abcdef',
    '#SBATCH --partition=gpuk80',
    '#SBATCH --nodelist=k01',
    '#SBATCH --nodes=1',
    '#SBATCH --ntasks=1',
    '#SBATCH --cpus-per-task=1',
    '#SBATCH --mem=512M',
    '#SBATCH --time=3',
    '#SBATCH --gres=gpu:k80:1',
    '#SBATCH --no-requeue',
    '#SBATCH --chdir=/scratch/trotline/probes/12345678-90abcdef',
    '#SBATCH --output=/scratch/trotline/probes/12345678-90abcdef/slurm.log',
  ])
  assert.ok(directives({ gpuTypes: ['k80', 'k40m'] }).includes('#SBATCH --gres=gpu:k80:1,gpu:k40m:1'))
  assert.ok(directives({ gpuTypes: [null] }).includes('#SBATCH --gres=gpu:1'))
  assert.ok(!directives({ gpuTypes: [] }).some(line => line.includes('gres')))
  assert.deepEqual(directives({ account: 'crabs', qos: 'short' }).slice(9, 11), [
    '#SBATCH --account=crabs',
    '#SBATCH --qos=short',
  ])
})
