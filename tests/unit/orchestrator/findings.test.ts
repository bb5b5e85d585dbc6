import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Finding, JobRequest } from '@trotline/contracts'
import { z } from 'zod'
import { compileValidator, findingsOf, type RequestMisfit } from '../../../apps/orchestrator/src/http/findings.ts'
import { requestBody } from '../../support/job-records.ts'

function findings(
  data: unknown,
  schema: z.ZodType = JobRequest,
  place?: RequestMisfit['validationContext'],
): Finding[] {
  const checked = compileValidator({ schema })(data)
  if (!('error' in checked)) assert.fail('the data fits')
  if (place) checked.error.validationContext = place
  const found = checked.error.findings()
  for (const finding of found) Finding.parse(finding)
  return found
}
const put = (path: string, value: unknown): unknown => {
  const body = structuredClone(requestBody()) as Record<string, unknown>
  const keys = path.split('/').slice(1)
  const last = keys.pop() ?? ''
  let at = body
  for (const key of keys) {
    const inside = (at[key] ?? {}) as Record<string, unknown>
    at[key] = inside
    at = inside
  }
  at[last] = value
  return body
}
const one = (found: Finding[]): Finding =>
  found.length === 1 && found[0] ? found[0] : assert.fail(JSON.stringify(found))

describe('findings', () => {
  test('a body that fits is answered with every default filled in', () => {
    const checked = compileValidator({ schema: JobRequest })(requestBody())
    assert.deepEqual('value' in checked && JobRequest.parse(checked.value).resources.cpus, 1)
  })

  const WRONG: [pointer: string, value: unknown, detail: RegExp][] = [
    ['/name', 'a\nb', /^name is not a job name/],
    ['/name', 42, /^name is not right: expected string/],
    ['/resources/cpus', 0, /^resources\.cpus is not right/],
    ['/resources/cpus', 1.5, /^resources\.cpus is not right/],
    ['/resources/memoryMiB', -1, /^resources\.memoryMiB is not right/],
    ['/resources/partition', "a'; rm -rf /", /^resources\.partition is not a Slurm name/],
    ['/resources/requeue', 'yes', /^resources\.requeue is not right: expected boolean/],
    ['/training/epochs', 1e9, /^training\.epochs is not right/],
    ['/training/preset', 'mnist', /^training\.preset is not right/],
    ['/training/kind', 'magic', /^training\.kind /],
  ]
  for (const [pointer, value, detail] of WRONG) {
    test(`${pointer} ${JSON.stringify(value)} is pointed at and named`, () => {
      const finding = one(findings(put(pointer, value)))
      assert.equal(finding.pointer, pointer)
      assert.match(finding.detail, detail)
    })
  }

  test('several faults are all told', () => {
    const body = { ...requestBody({ cpus: -1, memoryMiB: 1 }), name: '' }
    assert.deepEqual(
      findings(body)
        .map(({ pointer }) => pointer)
        .toSorted(),
      ['/name', '/resources/cpus', '/resources/memoryMiB'],
    )
  })

  test('what is missing is pointed at where it should stand', () => {
    const { training: _, ...body } = requestBody()
    assert.equal(one(findings(body)).pointer, '/training')
  })

  test('an unknown field is refused by name, with the one that was probably meant', () => {
    const finding = one(findings(put('/resources/memoryMib', 1)))
    assert.equal(finding.pointer, '/resources/memoryMib')
    assert.equal(finding.detail, '"memoryMib" is not a field of resources; did you mean memoryMiB?')
    assert.match(finding.required ?? '', /partition/)
  })

  test('an unknown field that looks like nothing gets no guess', () => {
    assert.doesNotMatch(one(findings(put('/walltime', 1))).detail, /did you mean/)
  })

  test('every unknown field is told, at every depth', () => {
    const body = { ...requestBody(), priority: 1, extra: {} } as Record<string, unknown>
    body.training = { kind: 'preset', preset: 'auto-mpg', epoch: 5 }
    assert.deepEqual(
      findings(body)
        .map(({ pointer }) => pointer)
        .toSorted(),
      ['/extra', '/priority', '/training/epoch'],
    )
  })

  test('an unknown field of a preset is compared with the fields of training', () => {
    assert.match(one(findings(put('/training/epoch', 5))).detail, /did you mean epochs\?/)
  })

  test('of a union the nearest branch is told', () => {
    const finding = one(findings(put('/environment', { lock: 'abc' })))
    assert.equal(finding.pointer, '/environment/lock')
    assert.match(finding.detail, /sha256/)
  })

  test('a slash and a tilde in a name are escaped in the pointer', () => {
    const pointer = one(findings(put('/a~1b', 1))).pointer
    assert.equal(pointer, '/a~01b')
    assert.equal(one(findings({ ...requestBody(), 'c/d': 1 })).pointer, '/c~1d')
  })

  test('a body that is no object at all is told as the request', () => {
    for (const body of [undefined, null, 'text', 7, []]) {
      const finding = one(findings(body))
      assert.equal(finding.pointer, '')
      assert.match(finding.detail, /^the request is not right: expected object/)
    }
  })

  test('query parameters and headers are named as such', () => {
    const schema = z.strictObject({ limit: z.coerce.number().int() })
    assert.equal(one(findings({ limit: 'many' }, schema, 'querystring')).pointer, '?limit')
    assert.equal(one(findings({ limit: 1, lmit: 2 }, schema, 'querystring')).pointer, '?lmit')
    assert.equal(one(findings({ limit: 'x' }, schema, 'headers')).pointer, 'header limit')
  })

  test('a thousand faults are not a thousand findings', () => {
    const body = { ...requestBody(), ...Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x${i}`, i])) }
    assert.equal(findings(body).length, 50)
  })

  test('what a reader sent is not sent back whole', () => {
    const finding = one(findings(put('/name', 'x'.repeat(100_000))))
    assert.ok(JSON.stringify(finding).length < 1_000)
  })

  test('issues without a schema are still told', () => {
    const parsed = z.strictObject({ a: z.string() }).safeParse({ a: 'x', b: 1 })
    assert.equal(
      findingsOf(parsed.error?.issues ?? [], 'body', undefined, { a: 'x', b: 1 })[0]?.detail,
      '"b" is not a field of the request',
    )
  })
})

const MODEL = {
  kind: 'model',
  data: { format: 'csv', path: '/data/prices.csv', target: 'price' },
  model: {
    layers: [
      { kind: 'dense', units: 8, activation: 'relu' },
      { kind: 'dense', units: 1 },
    ],
  },
  optimizer: { kind: 'adam' },
  loss: 'mse',
  epochs: 10,
}

describe('findings on a model', () => {
  const onModel = (over: object): Finding[] => findings({ ...requestBody(), training: { ...MODEL, ...over } })
  const layers = (...given: unknown[]) => ({ model: { layers: given } })
  const dense = (over: object) => layers({ kind: 'dense', units: 1, ...over })
  const csv = (over: object) => ({ data: { ...MODEL.data, ...over } })

  test('one that is right fits', () => {
    assert.ok('value' in compileValidator({ schema: JobRequest })({ ...requestBody(), training: MODEL }))
  })

  const MEANT: [over: object, pointer: string, meant: string][] = [
    [{ epoch: 3 }, '/training/epoch', 'epochs'],
    [{ batch_size: 4 }, '/training/batch_size', 'batchSize'],
    [{ metrics: ['mae', 'accurracy'] }, '/training/metrics/1', 'accuracy'],
    [{ optimizer: { kind: 'addam' } }, '/training/optimizer/kind', 'adam'],
    [{ optimizer: { kind: 'adam', lr: 0.1 } }, '/training/optimizer/lr', 'learningRate'],
    [
      { optimizer: { kind: 'sgd', learningRate: { kind: 'cosine' } } },
      '/training/optimizer/learningRate/kind',
      'cosineDecay',
    ],
    [layers({ kind: 'flatten' }, { kind: 'MaxPool2D' }), '/training/model/layers/1/kind', 'maxPooling2d'],
    [layers({ kind: 'conv2d', filters: 1, kernalSize: 3 }), '/training/model/layers/0/kernalSize', 'kernelSize'],
    [dense({ activation: 'Relu' }), '/training/model/layers/0/activation', 'relu'],
    [dense({ kernelInitializer: 'glorot_uniform' }), '/training/model/layers/0/kernelInitializer', 'glorotUniform'],
    [
      dense({ kernelInitializer: { kind: 'constnt', value: 1 } }),
      '/training/model/layers/0/kernelInitializer/kind',
      'constant',
    ],
    [{ model: { layer: [] } }, '/training/model/layer', 'layers'],
    [{ data: { format: 'cifar-10', files: ['/a'] } }, '/training/data/format', 'cifar10'],
    [csv({ seperator: ';' }), '/training/data/seperator', 'separator'],
    [csv({ columns: { town: 'cat' } }), '/training/data/columns/town', 'category'],
    [
      { validationData: { format: 'npz', path: '/a.npz', feature: 'x' } },
      '/training/validationData/feature',
      'features',
    ],
    [{ earlyStopping: { pacience: 3 } }, '/training/earlyStopping/pacience', 'patience'],
    [{ backend: 'simdd' }, '/training/backend', 'simd'],
  ]
  for (const [over, pointer, meant] of MEANT) {
    test(`${pointer}: ${meant} was meant by ${JSON.stringify(over)}`, () => {
      const finding = one(onModel(over))
      assert.equal(finding.pointer, pointer)
      assert.match(finding.detail, new RegExp(`did you mean ${meant}\\?$`))
      assert.match(finding.required ?? '', new RegExp(`\\b${meant}\\b`))
    })
  }

  test('an unknown word is told with those that are known', () => {
    const finding = one(onModel({ loss: 'hinge' }))
    assert.equal(finding.detail, 'training.loss is not right: there is no "hinge"')
    assert.match(finding.required ?? '', /^one of meanSquaredError, .*huber/)
  })

  test('of a short word another one is no guess: gpu is not cpu', () => {
    assert.equal(one(onModel({ backend: 'gpu' })).detail, 'training.backend is not right: there is no "gpu"')
  })

  test('what is missing is said to be missing, with what belongs there', () => {
    const { loss: _, ...without } = MODEL
    const loss = one(findings({ ...requestBody(), training: without }))
    assert.deepEqual([loss.pointer, loss.detail], ['/training/loss', 'training.loss is missing'])
    assert.match(loss.required ?? '', /^one of meanSquaredError/)
    const kind = one(onModel(layers({ type: 'dense', units: 1 })))
    assert.deepEqual(
      [kind.pointer, kind.detail],
      ['/training/model/layers/0/kind', 'training.model.layers.0.kind is missing'],
    )
    const preset = one(findings({ ...requestBody(), training: { kind: 'preset' } }))
    assert.deepEqual(
      [preset.pointer, preset.required],
      ['/training/preset', 'one of linear-regression, auto-mpg, fashion-mnist, cifar10'],
    )
    const directory = one(findings({ ...requestBody(), training: { kind: 'preset', preset: 'cifar10' } }))
    assert.deepEqual([directory.pointer, directory.detail], ['/training/directory', 'training.directory is missing'])
  })

  test('a field of another preset is refused with those of this one', () => {
    const found = one(findings(put('/training/directory', '/data')))
    assert.equal(found.pointer, '/training/directory')
    assert.match(found.required ?? '', /trainFraction, splitSeed/)
    assert.doesNotMatch(found.required ?? '', /directory|form\b/)
  })

  test('a word where an object belongs is answered with the object', () => {
    const [optimizer, layer, data] = [
      one(onModel({ optimizer: 'adam' })),
      one(onModel(layers('flatten'))),
      one(onModel({ data: 'auto_mpg' })),
    ]
    assert.match(optimizer.hint ?? '', /\{ "kind": "adam" \}/)
    assert.deepEqual([layer.pointer, data.pointer], ['/training/model/layers/0', '/training/data'])
    assert.match(layer.hint ?? '', /\{ "kind": "flatten" \}/)
    assert.match(data.hint ?? '', /\{ "format": "auto-mpg" \}/)
  })

  test('of a list of layers each wrong one is pointed at', () => {
    const found = onModel(
      layers({ kind: 'dens', units: 1 }, { kind: 'dense', unit: 3 }, { kind: 'conv2d', filters: 0, kernelSize: '3' }),
    )
    assert.deepEqual(
      found.map(({ pointer }) => pointer),
      ['0/kind', '1/unit', '2/filters', '2/kernelSize'].map(place => `/training/model/layers/${place}`),
    )
    assert.equal(
      found[3]?.detail,
      'training.model.layers.2.kernelSize is not right: expected number or array, received string',
    )
  })

  const TOLD: [over: object, pointer: string, detail: RegExp][] = [
    [{ optimizer: { kind: 'adam', learningRate: 0 } }, '/training/optimizer/learningRate', /too small/],
    [
      { optimizer: { kind: 'adam', learningRate: true } },
      '/training/optimizer/learningRate',
      /expected number or object/,
    ],
    [dense({ kernelInitializer: 3 }), '/training/model/layers/0/kernelInitializer', /expected string or object/],
    [layers({ kind: 'conv2d', filters: 1, kernelSize: [3, 0] }), '/training/model/layers/0/kernelSize/1', /too small/],
    [csv({ path: 'prices.csv' }), '/training/data/path', /is not an absolute path/],
    [csv({ columns: { a: { categories: ['x'] } } }), '/training/data/columns/a/categories', /too small/],
    [{ classWeights: { a: 1 } }, '/training/classWeights/a', /a is not the number of a class$/],
    [{ earlyStopping: { monitor: 'val loss' } }, '/training/earlyStopping/monitor', /is not the name of a value/],
    [
      { validationSplit: 0.2, validationData: { format: 'auto-mpg' } },
      '/training/validationData',
      /cannot be given together/,
    ],
    [{ split: {}, testData: { format: 'auto-mpg' } }, '/training/testData', /cannot be given together/],
  ]
  for (const [over, pointer, detail] of TOLD) {
    test(`${pointer} is told of ${JSON.stringify(over)}`, () => {
      const finding = one(onModel(over))
      assert.equal(finding.pointer, pointer)
      assert.match(finding.detail, detail)
    })
  }

  test('where numbers are a choice, all of them are told', () => {
    const data = { format: 'idx', images: '/a', labels: '/b', channels: 2 }
    assert.equal(one(onModel({ data })).required, 'one of 1, 3')
  })

  test('signs are told in quotes', () => {
    assert.match(one(onModel(csv({ separator: 'tab' }))).required ?? '', /"," *, ";", "\\t"/)
  })

  test('whatever one value is replaced by, every finding is near it, and there is one', () => {
    const whole = {
      ...requestBody(),
      training: {
        ...MODEL,
        split: { trainFraction: 0.8, splitSeed: 1 },
        model: {
          layers: [
            { kind: 'conv2d', filters: 2, kernelSize: [3, 3], kernelInitializer: { kind: 'constant', value: 1 } },
            { kind: 'maxPooling2d', poolSize: 2, strides: [1, 1] },
            { kind: 'tfjs', className: 'Embedding', config: { a: 1 } },
          ],
        },
        optimizer: {
          kind: 'adam',
          learningRate: { kind: 'exponentialDecay', initialLearningRate: 1, decaySteps: 5, decayRate: 1 },
        },
        earlyStopping: { monitor: 'loss', patience: 3 },
        classWeights: { 0: 1 },
      },
    }
    const placesIn = (value: unknown, path: string[] = []): string[][] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...placesIn(inner, [...path, key])])
        : []
    let refused = 0
    for (const path of placesIn(whole)) {
      for (const wrong of [null, 'wrong!', -1.5, [], [[]], {}, { kind: 'wrong!' }, true]) {
        const body = structuredClone(whole) as Record<string, unknown>
        let at = body
        for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>
        at[path.at(-1) ?? ''] = wrong
        const checked = compileValidator({ schema: JobRequest })(body)
        if (!('error' in checked)) continue
        refused += 1
        const found = checked.error.findings()
        assert.ok(found.length > 0, `${path.join('.')}: ${JSON.stringify(wrong)}`)
        for (const finding of found) {
          const about = `${JSON.stringify(finding)} for ${path.join('.')}: ${JSON.stringify(wrong)}`
          Finding.parse(finding)
          // At the place, inside it, or where its own kind decides what belongs beside it.
          const parent = `/${path.slice(0, -1).join('/')}`
          assert.ok(
            finding.pointer === parent || `${finding.pointer}/`.startsWith(parent === '/' ? '/' : `${parent}/`),
            about,
          )
          assert.doesNotMatch(finding.detail, /undefined|\[object|Invalid input/, about)
        }
      }
    }
    assert.ok(refused > 300, `${refused} were refused`)
  })
})
