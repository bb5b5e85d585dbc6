// What nvidia-smi of old and new, well and broken drivers prints; texts as people pasted them into issues.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type ProgramAnswer, readNvidiaSmi } from '../../../packages/contracts/src/nvidia-smi.ts'

const answer = (text: string, exitCode = 0): ProgramAnswer => ({ exitCode, text })
const REFUSED = answer('Field "compute_cap" is not a valid field to query.\n\n', 2)
const header = (told: string): ProgramAnswer =>
  answer(`Fri Nov 27 12:00:00 2026
+-----------------------------------------------------------------------------+
| ${told} |
|-------------------------------+----------------------+----------------------+`)

test('a driver newer than R470 tells everything in one answer', () => {
  const found = readNvidiaSmi({
    gpus: answer('NVIDIA A100-SXM4-40GB, 535.183.01, 8.0\nNVIDIA A100-SXM4-40GB, 535.183.01, 8.0\n'),
    gpusOfOldDriver: null,
    header: header('NVIDIA-SMI 535.183.01    Driver Version: 535.183.01    CUDA Version: 12.2'),
  })
  const gpu = { name: 'NVIDIA A100-SXM4-40GB', computeCapability: '8.0' }
  assert.deepEqual(found, { driver: '535.183.01', cudaMax: '12.2', gpus: [gpu, gpu], gpuTrouble: null })
})

test('R470 and older refuse compute_cap, on whatever stream and with whatever code, and tell the rest when asked again', () => {
  for (const refused of [REFUSED, { ...REFUSED, exitCode: 6 }]) {
    const found = readNvidiaSmi({
      gpus: refused,
      gpusOfOldDriver: answer('Tesla K80, 396.37\nTesla K80, 396.37\n'),
      header: header('NVIDIA-SMI 396.37                 Driver Version: 396.37'),
    })
    const gpu = { name: 'Tesla K80', computeCapability: null }
    assert.deepEqual(found, { driver: '396.37', cudaMax: null, gpus: [gpu, gpu], gpuTrouble: null })
  }
})

test('the driver is the kernel module’s, whatever version the tool has', () => {
  const found = readNvidiaSmi({
    gpus: answer('NVIDIA L4, 580.95.05, 8.9'),
    gpusOfOldDriver: null,
    header: header('NVIDIA-SMI 470.256.02   Driver Version: 580.95.05    CUDA Version: 13.0'),
  })
  assert.deepEqual([found.driver, found.cudaMax], ['580.95.05', '13.0'])
})

test('an update without a reboot is trouble, with nvidia-smi’s own words', () => {
  const broken = answer(
    'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.183\n',
    18,
  )
  assert.deepEqual(readNvidiaSmi({ gpus: broken, gpusOfOldDriver: broken, header: null }), {
    driver: null,
    cudaMax: null,
    gpus: [],
    gpuTrouble:
      'nvidia-smi: Failed to initialize NVML: Driver/library version mismatch / NVML library version: 535.183 (exit code 18)',
  })
})

test('no nvidia-smi, one that hangs, and one without GPUs are told apart', () => {
  const trouble = (gpus: ProgramAnswer) => readNvidiaSmi({ gpus, gpusOfOldDriver: null, header: null }).gpuTrouble
  assert.equal(trouble(answer('timeout: failed to run command', 127)), 'there is no nvidia-smi')
  assert.equal(trouble(answer('', 124)), 'nvidia-smi did not answer in time')
  assert.equal(trouble(answer('No devices were found\n')), 'nvidia-smi: No devices were found')
  assert.equal(trouble(answer('')), 'nvidia-smi names no GPU')
})

test('a decimal comma is a decimal point, and a capability that is not told is not known', () => {
  const gpus = (text: string) => readNvidiaSmi({ gpus: answer(text), gpusOfOldDriver: null, header: null }).gpus
  assert.deepEqual(gpus('Tesla V100-PCIE-16GB, 535.54.03, 7,0'), [
    { name: 'Tesla V100-PCIE-16GB', computeCapability: '7.0' },
  ])
  assert.deepEqual(gpus('GRID A100D-10C, 535.54.03, [N/A]'), [{ name: 'GRID A100D-10C', computeCapability: null }])
})

test('a lost GPU does not hide the others, and is said', () => {
  const lost =
    'Unable to determine the device handle for GPU 0000:3B:00.0: GPU is lost.  Reboot the system to recover this GPU'
  const { driver, gpus, gpuTrouble } = readNvidiaSmi({
    gpus: answer(`Tesla T4, 535.183.01, 7.5\n${lost}\n`, 15),
    gpusOfOldDriver: answer(lost, 15),
    header: null,
  })
  assert.deepEqual([driver, gpus.length], ['535.183.01', 1])
  assert.match(gpuTrouble ?? '', /GPU is lost/)
})

test('what fits no pattern is no fact, however much it looks like an answer', () => {
  for (const text of [
    'Tesla K80, newest, 3.7',
    'Tesla K80, 396, 3.7',
    '[Unknown Error], 396.37, 3.7',
    ', 396.37, 3.7',
    `${'x'.repeat(300)}, 396.37, 3.7`,
    'Tesla\u0007K80, 396.37, 3.7',
    'Tesla K80, 396.37, 3.7; rm -rf',
  ]) {
    const found = readNvidiaSmi({ gpus: answer(text), gpusOfOldDriver: null, header: header('CUDA Version: 9.2') })
    assert.deepEqual([found.driver, found.cudaMax, found.gpus], [null, null, []], text)
    assert.match(found.gpuTrouble ?? '', /^nvidia-smi: /)
  }
})

test('two drivers on one node are none', () => {
  const found = readNvidiaSmi({
    gpus: answer('Tesla T4, 535.183.01, 7.5\nTesla T4, 525.60.13, 7.5'),
    gpusOfOldDriver: null,
    header: null,
  })
  assert.deepEqual([found.driver, found.gpuTrouble], [null, 'nvidia-smi names two drivers: 535.183.01 and 525.60.13'])
})

test('an answer without end stays within bounds', () => {
  const { gpus } = readNvidiaSmi({
    gpus: answer('Tesla T4, 535.183.01, 7.5\n'.repeat(1_000)),
    gpusOfOldDriver: null,
    header: null,
  })
  assert.equal(gpus.length, 64)
  const { gpuTrouble } = readNvidiaSmi({ gpus: answer('x'.repeat(9_000), 1), gpusOfOldDriver: null, header: null })
  assert.ok((gpuTrouble ?? '').length <= 1_000)
})

/** What one printed, and its exit code: recorded on an H200. */
function recorded(name: string): ProgramAnswer {
  const file = new URL(`../../fixtures/nvidia-smi/580.159.04-h200/${name}.txt`, import.meta.url)
  const [, exit, text] =
    /^# exit: (\d+)$[\s\S]*?^# stdout:\n([\s\S]*?)^# stderr:/m.exec(readFileSync(file, 'utf8')) ?? []
  assert.ok(exit !== undefined && text !== undefined, name)
  return answer(text, Number(exit))
}

test('a real H200 is understood, with or without devices that CUDA may see', () => {
  for (const query of ['query', 'query-without-visible-devices'])
    assert.deepEqual(readNvidiaSmi({ gpus: recorded(query), gpusOfOldDriver: null, header: recorded('table') }), {
      driver: '580.159.04',
      cudaMax: '13.0',
      gpus: [{ name: 'NVIDIA H200', computeCapability: '9.0' }],
      gpuTrouble: null,
    })
})

test('a real node whose device files are shut says so, and a real refusal of a field names no GPU', () => {
  const shut = recorded('no-device-files')
  const found = readNvidiaSmi({ gpus: shut, gpusOfOldDriver: shut, header: shut })
  assert.deepEqual([found.driver, found.gpus], [null, []])
  assert.match(found.gpuTrouble ?? '', /GPU access blocked by the operating system/)
  const refused = recorded('query-one-unknown-field')
  assert.deepEqual(readNvidiaSmi({ gpus: refused, gpusOfOldDriver: refused, header: refused }).gpus, [])
})
