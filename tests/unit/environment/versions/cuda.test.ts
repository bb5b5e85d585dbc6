import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  cudaMajorOfBuildString,
  cudaMajorOfTag,
  cudaOfBuildString,
  parseWheelTag,
} from '../../../../packages/environment/src/versions/cuda.ts'
import { reaches } from '../../../../packages/environment/src/versions/driver.ts'
import { parseMatchSpec } from '../../../../packages/environment/src/versions/match-spec.ts'

test('two digits from 10 on are a major, below they are major and minor', () => {
  assert.deepEqual(parseWheelTag('cu92'), [9, 2])
  assert.deepEqual(parseWheelTag('cu121'), [12, 1])
  assert.deepEqual([parseWheelTag('cu12'), cudaMajorOfTag('cu12'), cudaMajorOfTag('cuda12x')], [null, 12, 12])
  assert.deepEqual([cudaMajorOfTag('cu92'), cudaMajorOfTag('cu118'), cudaMajorOfTag('cpu')], [null, null, null])
  assert.deepEqual([cudaOfBuildString('*cuda12*'), cudaMajorOfBuildString('*cuda12*')], [null, 12])
  assert.deepEqual([cudaOfBuildString('*cuda11*'), cudaMajorOfBuildString('cuda11_py3')], [null, 11])
  assert.deepEqual([cudaOfBuildString('cuda112py39'), cudaMajorOfBuildString('cuda112py39')], [[11, 2], null])
  assert.deepEqual(
    [cudaOfBuildString('cuda92'), cudaOfBuildString('py3.7_cuda9.2.148_')],
    [
      [9, 2],
      [9, 2, 148],
    ],
  )
})

test('a branch alone reaches what lies before it, not what lies behind it, and is not sure of what lies within', () => {
  assert.equal(reaches([525], [525, 60, 13]), null)
  assert.equal(reaches([525], [520, 61, 5]), true)
  assert.equal(reaches([525], [530, 30, 2]), false)
  assert.equal(reaches([580], [580]), true)
  assert.equal(reaches([525, 60, 13], [525, 60, 13]), true)
  assert.equal(reaches([525, 53], [525, 60, 13]), false)
})

test('spaces around the signs of a match spec mean nothing, and an address is none', () => {
  const read = (text: string) => {
    const spec = parseMatchSpec(text)
    return spec && [spec.name, spec.version, spec.build]
  }
  assert.deepEqual(read('pytorch = 2.1'), ['pytorch', '=2.1', null])
  assert.deepEqual(read('pytorch = 1.3 = *cuda9.2*'), ['pytorch', '=1.3', '*cuda9.2*'])
  assert.deepEqual(read('pytorch==1.3.1=py3.6_0'), ['pytorch', '==1.3.1', 'py3.6_0'])
  assert.deepEqual(read('pytorch >= 1.3 , < 1.4'), ['pytorch', '>=1.3,<1.4', null])
  assert.deepEqual(read('pytorch >=1.3 *cuda*'), ['pytorch', '>=1.3', '*cuda*'])
  assert.deepEqual(read('pytorch[version=">=1.3,<1.4", build=*cuda*]'), ['pytorch', '>=1.3,<1.4', '*cuda*'])
  for (const text of ['https://c.example.org/a', 'pytorch-1.3-0.tar.bz2', './pytorch'])
    assert.equal(read(text), null, text)
})
