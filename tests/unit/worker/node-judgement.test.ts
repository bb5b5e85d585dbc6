// The judge on the node: its own words, the shipped matrix, and what is known only there.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import { GPU_LIBRARY, type NodeSighting } from '@trotline/contracts'
import { judgeNode, parseMatrix } from '../../../apps/worker/src/node-judgement.ts'

const matrix = parseMatrix(readFileSync(resolve(import.meta.dirname, '../../../conda/compatibility.json'), 'utf8'))
const OWN = { name: 'tfjs-node-gpu 4.22.0', software: { ...GPU_LIBRARY } }
const release = (frameworkVersion: string) => ({
  name: `TensorFlow ${frameworkVersion}`,
  software: { framework: 'tensorflow', frameworkVersion, channel: 'pip' },
})

const K80 = { name: 'Tesla K80', computeCapability: '3.7' }
const P100 = { name: 'Tesla P100-PCIE-16GB', computeCapability: '6.0' }
const A100 = { name: 'NVIDIA A100-SXM4-40GB', computeCapability: '8.0' }

const node = (driver: string | null, gpus: NodeSighting['gpus'], over: Partial<NodeSighting> = {}): NodeSighting => ({
  v: 1,
  node: 'n1',
  at: '2026-11-27T12:00:00.000Z',
  driver,
  cudaMax: null,
  gpus,
  gpuTrouble: null,
  glibc: '2.36',
  cpuArch: 'x86_64',
  kernel: '6.1.0',
  os: 'Debian',
  nodeVersion: process.version,
  nodeTrouble: null,
  ...over,
})

const judged = (sighting: NodeSighting, library: Parameters<typeof judgeNode>[1] = OWN, libraryPath = '') =>
  judgeNode(sighting, library, { matrix, libraryPath })

describe('a node is judged by what it says itself', () => {
  test('a driver that is too old is named with what is required and what was found', () => {
    for (const gpus of [[K80], [A100]]) {
      const { verdict, detail, evidence } = judged(node('396.37', gpus))
      assert.equal(verdict, 'incompatible')
      assert.match(detail, /450\.80\.02 or newer; this node has 396\.37/)
      assert.ok(evidence.some(line => /^driver-too-old: required 450\.80\.02 or newer.*; found 396\.37$/.test(line)))
      assert.equal(evidence[0], 'judged for tfjs-node-gpu 4.22.0')
    }
  })

  test('one that fits is compatible, whether nvidia-smi tells the compute capability or only the name', () => {
    for (const gpu of [A100, { ...A100, computeCapability: null }])
      assert.equal(judged(node('580.159.03', [gpu, gpu])).verdict, 'compatible')
  })

  test('a GPU that is newer than the build is a warning with its reason', () => {
    const { verdict, detail } = judged(node('550.54.15', [{ name: 'NVIDIA H100 80GB HBM3', computeCapability: '9.0' }]))
    assert.equal(verdict, 'compatible-with-warning')
    assert.match(detail, /no machine code for H100/)
  })

  test('what is not known is unknown, and names what is missing', () => {
    const strange = judged(node('550.54.15', [{ name: 'Mystery 9', computeCapability: null }]))
    assert.deepEqual([strange.verdict, /Mystery 9/.test(strange.detail)], ['unknown', true])
    const nothing = judged(node(null, [], { gpuTrouble: 'there is no nvidia-smi' }))
    assert.deepEqual([nothing.verdict, /driver/.test(nothing.detail)], ['unknown', true])
    const library = judged(node('550.54.15', [A100]), { name: 'TensorFlow 2.17.0', software: null })
    assert.deepEqual([library.verdict, /TensorFlow 2\.17\.0/.test(library.detail)], ['unknown', true])
  })

  test('what is too old without any GPU being known is found all the same', () => {
    const { verdict, detail } = judged(node(null, [], { cpuArch: 'ppc64le' }))
    assert.equal(verdict, 'incompatible')
    assert.match(detail, /x86_64/)
  })

  test('of several GPUs the one that fits best counts, and those that cannot be used are named', () => {
    // R580 is the last branch that drives Pascal.
    const mixed = judged(node('590.44.01', [P100, A100]))
    assert.match(mixed.verdict, /^compatible/)
    assert.equal(mixed.remarks.length, 1)
    assert.match(mixed.remarks[0] ?? '', /^Tesla P100-PCIE-16GB of this node cannot be used: /)
    const alone = judged(node('590.44.01', [P100, P100]))
    assert.deepEqual([alone.verdict, alone.remarks], ['incompatible', []])
  })
})

describe('what only the node knows counts', () => {
  test('the library that is installed there is judged, not the one that comes with the package', () => {
    const sighting = node('470.82.01', [P100])
    assert.equal(judged(sighting).verdict, 'compatible')
    const newer = judged(sighting, release('2.16.1'))
    assert.equal(newer.verdict, 'incompatible')
    assert.match(newer.detail, /525\.60\.13/)
    const conda = { name: 'TensorFlow 2.19.1', software: { framework: 'cuda-runtime', cuda: '12.8' } }
    assert.equal(judged(sighting, conda).verdict, 'incompatible')
    assert.match(judged(node('580.159.03', [P100]), conda).verdict, /^compatible/)
  })

  test('a release that is installed is never refused because nobody published it', () => {
    assert.notEqual(judged(node('580.159.03', [A100]), release('2.99.0')).verdict, 'incompatible')
    assert.notEqual(judged(node('580.159.03', [A100]), release('2.13.77')).verdict, 'incompatible')
  })

  test('with cuda-compat libraries before the driver’s own a driver that is too old decides nothing', () => {
    const path = '/usr/local/cuda-11.2/compat:/usr/local/lib'
    const { verdict, detail } = judged(
      node('418.87.00', [{ ...K80, name: 'Tesla V100-SXM2-16GB', computeCapability: '7.0' }]),
      OWN,
      path,
    )
    assert.equal(verdict, 'unknown')
    assert.match(detail, /cuda-compat/)
    // Another processor stays another processor.
    assert.equal(judged(node('418.87.00', [P100], { cpuArch: 'aarch64' }), OWN, path).verdict, 'incompatible')
  })
})
