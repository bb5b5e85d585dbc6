import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CompatibilityCheck, type Verdict } from '@trotline/contracts'
import { readPaste } from '../../../../apps/dashboard/src/compatibility/read-paste.ts'
import { shippedCompatibility } from '../../../support/compatibility.ts'
import { startProcessorWatch } from '../../../support/processor-time.ts'

const SMI = `Tue Mar  4 10:11:12 2025
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.54.15              Driver Version: 550.54.15      CUDA Version: 12.4     |
|-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
|=========================================+========================+======================|
|   0  Tesla V100-SXM2-16GB           On  |   00000000:00:04.0 Off |                    0 |
| N/A   34C    P0             24W /  300W |       0MiB /  16384MiB |      0%      Default |
+-----------------------------------------------------------------------------------------+`

const YML = `name: ml
channels:
  - pytorch
  - conda-forge
dependencies:
  - python=3.9
  - pytorch=1.13=*cuda11.7*   # the newest for it
  - torchvision
  - pip:
      - rich==13.0`

const CONDA_LIST = `# packages in environment at /opt/conda/envs/ml:
#
# Name                    Version                   Build  Channel
cudatoolkit               10.2.89              hfd86e86_1
python                    3.7.16               h7a1cb2a_0
pytorch                   1.8.1           py3.7_cuda10.2_cudnn7.6.5_0    pytorch
rich                      13.8.1                   pypi_0    pypi`

const PIP_LIST = `Package            Version
------------------ ------------
nvidia-cudnn-cu12  8.9.2.26
torch              2.11.0+cu130
torchvision        0.26.0+cu130`

const EXPLICIT = `@EXPLICIT
https://conda.example.org/conda-forge/linux-64/tensorflow-2.10.0-cuda112py39h01bd6f0_0.tar.bz2#0123
https://conda.example.org/conda-forge/linux-64/python-3.9.15-hba424b6_0_cpython.conda`

test('nvidia-smi tells the driver and the GPU, in each of the ways that people print it', () => {
  const hardware = { driver: '550.54.15', gpu: 'Tesla V100-SXM2-16GB' }
  assert.deepEqual(readPaste(SMI).hardware, hardware)
  assert.deepEqual(readPaste('Tesla V100-SXM2-16GB, 550.54.15').hardware, hardware)
  assert.deepEqual(readPaste('GPU 0: Tesla V100-SXM2-16GB (UUID: GPU-1)').hardware, { gpu: hardware.gpu })
  assert.deepEqual(readPaste(SMI).unread, [])
})

test('an environment.yml keeps its match specs, each from the first of its channels that has it', () => {
  const { forms, software, unread } = readPaste(YML)
  assert.deepEqual(forms, ['environment.yml'])
  assert.deepEqual(software, [
    {
      framework: 'pytorch',
      package: 'pytorch',
      channel: 'conda:pytorch',
      condaSpec: 'pytorch=1.13=*cuda11.7*',
      python: '3.9',
    },
  ])
  assert.deepEqual(unread, [])
})

test('lists of conda and pip are read with build, channel and the CUDA beside them', () => {
  assert.deepEqual(readPaste(CONDA_LIST).software, [
    {
      framework: 'pytorch',
      package: 'pytorch',
      channel: 'conda:pytorch',
      frameworkVersion: '1.8.1',
      condaBuild: 'py3.7_cuda10.2_cudnn7.6.5_0',
      cuda: '10.2.89',
      python: '3.7.16',
    },
  ])
  assert.deepEqual(readPaste(PIP_LIST).software, [
    { framework: 'pytorch', package: 'torch', channel: 'pip', frameworkVersion: '2.11.0', wheelTag: 'cu130' },
  ])
  assert.deepEqual(
    readPaste(EXPLICIT).software.map(one => [one.package, one.channel, one.condaBuild]),
    [['tensorflow', 'conda:conda-forge', 'cuda112py39h01bd6f0_0']],
  )
  assert.deepEqual(readPaste('jax==0.4.30\njaxlib==0.4.30\njax-cuda12-plugin==0.4.30').software, [
    { framework: 'jax', package: 'jaxlib', channel: 'pip', frameworkVersion: '0.4.30', wheelTag: 'cuda12' },
  ])
})

test('a package whose name means something to JavaScript is a package like others', () => {
  const { software, packages } = readPaste(
    `${CONDA_LIST}\nconstructor               3.9.3              pyh55f8243_0    conda-forge`,
  )
  assert.equal(packages, readPaste(CONDA_LIST).packages + 1)
  assert.deepEqual(software, readPaste(CONDA_LIST).software)
})

test('several things pasted below each other are all read', () => {
  const { forms, software, hardware } = readPaste(`${SMI}\n\n${PIP_LIST}\n`)
  assert.deepEqual(forms, ['nvidia-smi', 'pip list'])
  assert.equal(hardware.driver, '550.54.15')
  assert.equal(software.length, 1)
})

test('what is no list of packages says so, and prose or a log is not taken for one', () => {
  const { software, unread, packages } = readPaste('Dear all,\nit does not work on my machine.\n')
  assert.deepEqual([software, packages], [[], 0])
  assert.equal(unread.length, 2)
})

test('a text of any length is read in bounded time', () => {
  const tookMs = startProcessorWatch()
  readPaste('a '.repeat(500_000))
  readPaste(`${' '.repeat(100_000)}x\n`.repeat(3))
  readPaste('- pytorch=1=\n'.repeat(20_000))
  assert.ok(tookMs() < 2_000, `${tookMs()} ms`)
})

test('what comes of a paste is a question that the server takes, and its verdict is the known one', () => {
  const verdicts = (text: string, hardware: { driver: string; gpu: string }): Verdict[] =>
    readPaste(text).software.map(software => {
      const question = CompatibilityCheck.parse({ ...software, ...hardware })
      return shippedCompatibility().judge(question).verdict
    })
  const v100 = { driver: '550.54.15', gpu: 'Tesla V100-SXM2-16GB' }
  assert.deepEqual(verdicts(PIP_LIST, v100), ['incompatible'])
  assert.deepEqual(verdicts(YML, v100), ['compatible'])
  assert.deepEqual(verdicts(CONDA_LIST, v100), ['compatible'])
  assert.deepEqual(verdicts(CONDA_LIST, { driver: '550.54.15', gpu: 'H100' }), ['compatible-with-warning'])
})
