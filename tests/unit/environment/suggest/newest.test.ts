import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { buildsOf, judge, newest, parseMatrix, softwareOf } from '@trotline/environment'

const matrix = parseMatrix(readFileSync(new URL('../../../../conda/compatibility.json', import.meta.url), 'utf8'))

const NODES = [
  { driver: '396.37', gpu: 'K80' },
  { driver: '450.80.02', gpu: 'V100' },
  { driver: '580.159.03', gpu: 'tesla_v100' },
  { driver: '535.104.05', gpu: 'NVIDIA A100-SXM4-40GB' },
  { driver: '580.159.03', gpu: 'H100' },
  { driver: '570.133.20', gpu: 'RTX 5090' },
]

describe('the newest releases that run', () => {
  test('each passes the judge, and no newer release passes without a warning', () => {
    for (const node of NODES)
      for (const { framework, newest: sets } of newest(node, matrix).frameworks) {
        for (const { software, verdict, changes } of sets) {
          assert.equal(judge({ ...node, ...software }, matrix).verdict, verdict)
          assert.deepEqual(changes, [])
        }
        const clean = sets.find(({ verdict }) => verdict === 'compatible')
        const builds = buildsOf(framework as 'pytorch', matrix)
        for (const build of builds) {
          const software = softwareOf(build)
          if (clean !== undefined && software.frameworkVersion === clean.software.frameworkVersion) break
          const { verdict } = judge({ ...node, ...software }, matrix)
          assert.notEqual(verdict, 'compatible', `${framework} ${JSON.stringify(software)} on ${JSON.stringify(node)}`)
        }
      }
  })

  test('the tutorial’s cluster could have had PyTorch 1.7.1 and TensorFlow 1.14, both for CUDA 9.2', () => {
    const { frameworks } = newest({ driver: '396.37', gpu: 'gpu:k80:4' }, matrix)
    const found = Object.fromEntries(frameworks.map(({ framework, newest: [first] }) => [framework, first?.software]))
    assert.equal(found.pytorch?.frameworkVersion, '1.7.1')
    assert.match(found.pytorch?.cuda ?? '', /^9\.2/)
    assert.equal(found.tensorflow?.frameworkVersion, '1.14.0')
    assert.match(found.tensorflow?.cuda ?? '', /^9\.2/)
  })

  test('only the frameworks and the Python asked for are answered', () => {
    const { frameworks } = newest({ driver: '580.159.03', gpu: 'A100', frameworks: ['torch'], python: '3.9' }, matrix)
    assert.deepEqual(
      frameworks.map(({ framework }) => framework),
      ['pytorch'],
    )
    const [first] = frameworks[0]?.newest ?? []
    assert.equal(first?.software.python, '3.9')
    assert.match(first?.detail ?? '', /With Python 3\.9/)
  })

  test('where nothing runs or too little is known, it says why', () => {
    const why = (node: object): string =>
      newest({ ...node, frameworks: ['pytorch'] }, matrix).frameworks[0]?.detail ?? ''
    assert.match(why({ gpu: 'A100' }), /cannot be said.*driver/)
    assert.match(why({ driver: '580.159.03', gpu: 'rtx6000' }), /cannot be said/)
    assert.match(why({ driver: '580.159.03', gpu: 'C2075' }), /No release of PyTorch runs.*R390/)
    assert.match(
      newest({ ...NODES[0], frameworks: ['caffe'] }, matrix).frameworks[0]?.detail ?? '',
      /no releases of "caffe"/,
    )
  })
})
