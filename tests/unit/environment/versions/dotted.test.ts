import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCapability } from '../../../../packages/environment/src/versions/capability.ts'
import { cudaOfBuildString, parseCuda, parseWheelTag } from '../../../../packages/environment/src/versions/cuda.ts'
import { compareDotted, dotted, parseDotted, within } from '../../../../packages/environment/src/versions/dotted.ts'
import { parseDriver } from '../../../../packages/environment/src/versions/driver.ts'

test('versions are compared number by number, and what is missing is zero', () => {
  for (const [newer, older] of [
    ['450.119.03', '450.80.02'],
    ['535.104.05', '535.54.03'],
    ['570.124.06', '570.86.10'],
    ['384.111', '384.81'],
    ['440.33.01', '440.33'],
    ['10.0', '9.2'],
  ] as const)
    assert.ok(compareDotted(dotted(newer), dotted(older)) > 0, `${newer} > ${older}`)
  for (const [one, same] of [
    ['455.32', '455.32.00'],
    ['450.80.2', '450.80.02'],
    ['580', '580.0.0'],
  ] as const)
    assert.equal(compareDotted(dotted(one), dotted(same)), 0)
})

test('a range takes in all that its upper end begins', () => {
  const inside = (version: string, from: string, to: string) => within(dotted(version), dotted(from), dotted(to))
  assert.ok(inside('2.5.1', '2.5', '2.5'))
  assert.ok(inside('0.5.3', '0.4.21', '0.5'))
  assert.ok(!inside('0.6.0', '0.4.21', '0.5'))
  assert.ok(!inside('1.3.1', '1.3.0', '1.3.0'))
})

test('text that is no version is null and no error', () => {
  for (const text of ['', ' ', '1.', '.1', '1..2', 'x', '1.x', '-1', '1e3', '1.2.3.4.5.6.7', '9'.repeat(50), '１.２'])
    assert.equal(parseDotted(text), null, text)
  for (const text of ['12.4', 'N/A', '[N/A]', '580.x', 'Failed to initialize NVML'])
    assert.equal(parseDriver(text), null, text)
  for (const text of ['12', 'twelve', '12.x', '535.104.05']) assert.equal(parseCuda(text), null, text)
})

test('CUDA is read out of a number, a tag and a build string', () => {
  assert.deepEqual(parseCuda('9.2.148'), [9, 2, 148])
  assert.deepEqual(parseCuda('CUDA 12.1'), [12, 1])
  assert.deepEqual(parseWheelTag('cu121'), [12, 1])
  assert.deepEqual(parseWheelTag('cu92'), [9, 2])
  assert.deepEqual(parseWheelTag('cuda101'), [10, 1])
  for (const tag of ['cpu', 'cuda12', 'cu1', 'rocm6.0']) assert.equal(parseWheelTag(tag), null, tag)
  assert.deepEqual(cudaOfBuildString('py3.7_cuda9.2.148_cudnn7.6.3_0'), [9, 2, 148])
  assert.deepEqual(cudaOfBuildString('cuda112py39hd7a8d7c_0'), [11, 2])
  assert.deepEqual(cudaOfBuildString('cuda129_mkl_py312_hb_300'), [12, 9])
  assert.deepEqual(cudaOfBuildString('*cuda9.2*'), [9, 2])
  assert.equal(cudaOfBuildString('gpu_py36had579c0_0'), null)
})

test('a compute capability is read in every way people write it', () => {
  for (const text of ['8.6', '86', 'sm_86', 'compute_86', 'SM86', ' 8.6 '])
    assert.deepEqual(parseCapability(text), [8, 6], text)
  assert.deepEqual(parseCapability('sm_120'), [12, 0])
  assert.deepEqual(parseCapability('10.3'), [10, 3])
  for (const text of ['nine', '8', '8.', '8.66', 'sm_90a', '']) assert.equal(parseCapability(text), null, text)
})
