import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { CompatibilityQuestion, Suggestion } from '@trotline/contracts'
import { judge, judgeSpec, nearest, parseMatrix } from '@trotline/environment'

const ROOT = new URL('../../../../', import.meta.url)
const matrix = parseMatrix(readFileSync(new URL('conda/compatibility.json', ROOT), 'utf8'))
const examples = JSON.parse(readFileSync(new URL('tests/fixtures/compatibility/examples.json', ROOT), 'utf8')) as {
  id: string
  given: CompatibilityQuestion
}[]
const refused = examples.filter(({ given }) => judge(given, matrix).verdict === 'incompatible')

/** The tutorial's cluster. */
const BLUE_CRAB = { driver: '396.37', gpu: 'K80' }

const changed = ({ changes }: Suggestion): Record<string, string | null> =>
  Object.fromEntries(changes.map(({ field, to }) => [field, to]))

function hardwareOf({ driver, gpu, computeCapability, glibc, cpuArch }: CompatibilityQuestion): CompatibilityQuestion {
  return JSON.parse(JSON.stringify({ driver, gpu, computeCapability, glibc, cpuArch }))
}

describe('the nearest sets that run', () => {
  test('every one of them passes the judge when it is asked for as it stands', () => {
    assert.ok(refused.length > 20, 'the examples hold refusals')
    let judged = 0
    for (const { id, given } of refused)
      for (const { software, verdict, partition } of nearest(given, matrix)) {
        assert.equal(partition, null)
        const again = judge({ ...hardwareOf(given), ...software }, matrix)
        assert.equal(again.verdict, verdict, `${id}: ${JSON.stringify(software)}: ${again.detail}`)
        assert.ok(verdict === 'compatible' || verdict === 'compatible-with-warning')
        judged += 1
      }
    assert.ok(judged > refused.length / 2, `${judged} suggestions for ${refused.length} refusals`)
  })

  test('each says what it changes, and changes something', () => {
    for (const { given } of refused)
      for (const { changes, software } of nearest(given, matrix)) {
        assert.ok(changes.length > 0)
        for (const { field, to, from } of changes) {
          assert.notEqual(from, to)
          if (field in software) assert.equal(software[field as 'cuda'], to)
        }
      }
  })

  test('at most five are named, and none that is another one with more changes', () => {
    for (const { given } of refused) {
      const sets = nearest(given, matrix)
      assert.ok(sets.length <= 5)
      assert.equal(new Set(sets.map(set => JSON.stringify(set.software))).size, sets.length)
    }
  })

  test('the tutorial’s cluster gets PyTorch 1.3 for CUDA 9.2, from conda and from pip, with Python 3.6', () => {
    for (const python of [undefined, '3.6', '<3.7']) {
      const question = { ...BLUE_CRAB, framework: 'pytorch', frameworkVersion: '1.3', ...(python ? { python } : {}) }
      assert.equal(judge(question, matrix).verdict, 'incompatible')
      const sets = nearest(question, matrix)
      const installs = sets.map(({ install }) => install)
      assert.ok(installs.includes('pytorch::pytorch=1.3=*cuda9.2*'), installs.join(' | '))
      assert.ok(installs.includes('torch==1.3.0+cu92'), installs.join(' | '))
      assert.match(sets[0]?.detail ?? '', /Python .*3\.6/)
      assert.equal(sets[0]?.software.python, python)
      assert.match(changed(sets[0] as Suggestion).cuda ?? '', /^9\.2/)
    }
  })

  test('who named a channel is shown sets from that channel first', () => {
    const question = {
      ...BLUE_CRAB,
      framework: 'pytorch',
      frameworkVersion: '1.3',
      channel: 'conda:pytorch',
      cuda: '10.1',
    }
    const [first] = nearest(question, matrix)
    assert.equal(first?.install, 'pytorch::pytorch=1.3=*cuda9.2*')
    assert.deepEqual(Object.keys(changed(first as Suggestion)), ['cuda'])
  })

  test('plain tensorflow 1.12 becomes the GPU build, and with Python 3.7 the release that has it or Python 3.6', () => {
    const question = {
      ...BLUE_CRAB,
      framework: 'tensorflow',
      package: 'tensorflow',
      frameworkVersion: '1.12.0',
      channel: 'conda:defaults',
      python: '3.7',
    }
    const report = judge(question, matrix)
    assert.equal(report.verdict, 'incompatible')
    assert.match(report.findings.map(({ detail }) => detail).join(' '), /CPU build/)
    const sets = nearest(question, matrix).map(changed)
    assert.ok(sets.some(set => set.python === '3.6' && set.package === 'tensorflow-gpu'))
    assert.ok(sets.some(set => set.frameworkVersion === '1.13.1' && set.python === undefined))
  })

  test('another partition is offered as the largest change, with what was asked for unchanged', () => {
    const asked = { framework: 'pytorch', frameworkVersion: '2.1.2', wheelTag: 'cu121', python: '3.10' }
    const otherPartitions = [
      { partition: 'old', hardware: { driver: '390.46', gpu: 'K80' } },
      { partition: 'a100', hardware: { driver: '580.159.03', gpu: 'A100' } },
    ]
    const sets = nearest({ ...BLUE_CRAB, ...asked }, matrix, { otherPartitions })
    const elsewhere = sets.filter(({ partition }) => partition !== null)
    assert.deepEqual(
      elsewhere.map(({ partition, software, changes }) => ({ partition, software, changes })),
      [{ partition: 'a100', software: asked, changes: [{ field: 'partition', from: null, to: 'a100' }] }],
    )
    assert.ok(sets.indexOf(elsewhere[0] as Suggestion) >= 1, 'a build for this partition comes before it')
  })

  test('a data-center GPU on an older driver may have the same build with cuda-compat libraries, a GeForce may not', () => {
    const asked = {
      framework: 'pytorch',
      frameworkVersion: '2.9.0',
      wheelTag: 'cu130',
      python: '3.11',
      driver: '535.104.05',
    }
    const compat = (gpu: string) =>
      nearest({ ...asked, gpu }, matrix)
        .map(({ software }) => software.forwardCompatPackage)
        .filter(name => name !== undefined)
    assert.deepEqual(compat('A100'), ['cuda-compat-13-0'])
    assert.deepEqual(compat('RTX 4090'), [])
  })

  test('a program of one’s own is told for which GPU to compile it', () => {
    const question = {
      driver: '580.159.03',
      computeCapability: '8.0',
      framework: 'custom-cuda',
      cuda: '12.4.1',
      kernels: { sass: ['8.6'], ptx: [] },
    }
    assert.deepEqual(nearest(question, matrix)[0]?.changes, [{ field: 'kernels.sass', from: '8.6', to: '8.6, 8.0' }])
  })

  test('an environment solved where there is no driver is told what to tell the solver', () => {
    const question = {
      solveHost: 'login-node-without-gpu',
      virtualPackages: {},
      driver: '535.104.05',
      gpu: 'A100',
      framework: 'pytorch',
      frameworkVersion: '2.5.1',
      channel: 'conda:conda-forge',
    }
    const [first] = nearest(question, matrix)
    assert.equal(changed(first as Suggestion)['env.CONDA_OVERRIDE_CUDA'], '12.2')
    assert.equal(first?.software.frameworkVersion, '2.5.1')
  })

  test('nothing is suggested where the node is not known, where no framework is named, and where the driver drives no such GPU', () => {
    const asked = { framework: 'pytorch', frameworkVersion: '2.1.2' }
    assert.deepEqual(nearest(asked, matrix), [])
    assert.deepEqual(nearest({ ...asked, gpu: 'A100' }, matrix), [])
    assert.deepEqual(nearest({ ...asked, driver: '580.159.03', gpu: 'rtx6000' }, matrix), [])
    assert.deepEqual(nearest({ ...BLUE_CRAB, framework: 'caffe', frameworkVersion: '1.0' }, matrix), [])
    assert.deepEqual(nearest({ ...asked, driver: '580.159.03', gpu: 'C2075' }, matrix), [])
  })

  test('a release newer than the matrix is answered with the newest known one that runs', () => {
    const question = {
      driver: '580.159.03',
      gpu: 'A100',
      framework: 'pytorch',
      frameworkVersion: '99.0',
      python: '3.12',
    }
    assert.equal(judge(question, matrix).verdict, 'unknown')
    const [first] = nearest(question, matrix)
    assert.equal(judge({ ...hardwareOf(question), ...first?.software }, matrix).verdict, first?.verdict)
  })
})

/** As a person would make them. */
function applied(question: CompatibilityQuestion, { changes }: Suggestion): CompatibilityQuestion {
  const { env, ...rest } = question
  const changed: Record<string, unknown> = { ...rest }
  const newEnv: Record<string, string> = { ...env }
  for (const { field, to } of changes) {
    const target = field.startsWith('env.') ? newEnv : changed
    const name = field.replace(/^env\./, '')
    if (to === null) delete target[name]
    else if (field === 'kernels.sass') changed.kernels = { ...question.kernels, sass: to.split(', ') }
    else target[name] = to
  }
  return { ...changed, ...(Object.keys(newEnv).length === 0 ? {} : { env: newEnv }) }
}

describe('the changes of a suggestion', () => {
  test('made to the question they give the set, and the judge’s verdict on it', () => {
    let judged = 0
    for (const { id, given } of refused)
      for (const suggestion of nearest(given, matrix)) {
        const again = judge(applied(given, suggestion), matrix)
        assert.equal(again.verdict, suggestion.verdict, `${id}: ${JSON.stringify(suggestion.changes)}: ${again.detail}`)
        judged += 1
      }
    assert.ok(judged > refused.length)
  })

  test('the wheel’s tag follows the CUDA: it is no change of its own, and pip’s wheel comes before another channel', () => {
    const first = (question: CompatibilityQuestion) => nearest(question, matrix)[0]?.install
    const a100 = { driver: '470.82.01', gpu: 'A100', framework: 'pytorch', python: '3.10' }
    assert.equal(first({ ...a100, frameworkVersion: '2.1.2', wheelTag: 'cu121' }), 'torch==2.1.2+cu118')
    const v100 = { driver: '580.159.03', gpu: 'V100', framework: 'pytorch', python: '3.12' }
    assert.equal(first({ ...v100, frameworkVersion: '2.11.0', wheelTag: 'cu130' }), 'torch==2.11.0+cu126')
    const old = { driver: '580.159.03', gpu: 'A100', framework: 'pytorch', python: '3.8' }
    assert.equal(first({ ...old, frameworkVersion: '1.8.1', wheelTag: 'cu102' }), 'torch==1.8.1+cu111')
  })

  test('the GPU package of the same release comes before another channel', () => {
    const asked = { ...BLUE_CRAB, framework: 'tensorflow', package: 'tensorflow', frameworkVersion: '1.12.0' }
    const [first] = nearest({ ...asked, channel: 'pip', python: '3.6' }, matrix)
    assert.equal(first?.install, 'tensorflow-gpu==1.12.0')
  })

  test('a set with a warning does not hide one without', () => {
    const question = {
      driver: '470.82.01',
      gpu: 'A100',
      framework: 'pytorch',
      frameworkVersion: '2.1.2',
      wheelTag: 'cu121',
    }
    const verdicts = nearest(question, matrix).map(({ verdict }) => verdict)
    assert.equal(verdicts[0], 'compatible-with-warning')
    assert.ok(verdicts.includes('compatible'))
  })
})

test('what is to be installed is judged like the set: as a line of an environment', () => {
  let judged = 0
  for (const { id, given } of refused)
    for (const { install, verdict, software } of nearest(given, matrix)) {
      if (install === null || software.channel === 'npm') continue
      const lines = (software.channel ?? 'pip') === 'pip' ? [{ pip: [install] }] : install.split(' ')
      const python = software.python === undefined ? [] : [`python=${software.python}`]
      const report = judgeSpec(
        { channels: ['defaults'], dependencies: [...python, ...lines] },
        hardwareOf(given),
        matrix,
      )
      assert.ok(
        report.verdict === verdict || report.verdict === 'compatible-with-warning',
        `${id}: ${install}: ${verdict} as a set, ${report.verdict} as a line: ${report.detail}`,
      )
      judged += 1
    }
  assert.ok(judged > refused.length)
})
