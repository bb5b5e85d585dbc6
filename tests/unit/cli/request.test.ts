import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CliError } from '../../../apps/cli/src/errors.ts'
import { parseRequest } from '../../../apps/cli/src/request/request-file.ts'
import { parseSetting, setPath } from '../../../apps/cli/src/request/set-path.ts'

const set = (request: unknown, ...texts: string[]) => texts.map(parseSetting).reduce(setPath, request)

test('--set reads values as the file does, makes branches and reaches into lists', () => {
  assert.deepEqual(
    set({ training: { epochs: 1 } }, 'training.epochs=50', 'labels.team=tuna', 'name="7"', 'environment=null'),
    {
      training: { epochs: 50 },
      labels: { team: 'tuna' },
      name: '7',
      environment: null,
    },
  )
  assert.deepEqual(set({ a: ['x', 'y'] }, 'a.1=z', 'a.2=[1, 2]'), { a: ['x', 'z', [1, 2]] })
})

test('--set reaches into the layers of a model', () => {
  const layers = [
    { kind: 'dense', units: 64 },
    { kind: 'dense', units: 1 },
  ]
  const request = { training: { kind: 'model', model: { layers }, optimizer: { kind: 'adam' } } }
  assert.deepEqual(
    set(
      request,
      'training.model.layers.0.units=32',
      'training.model.layers.2={ kind: dropout, rate: 0.5 }',
      'training.optimizer.learningRate=1e-4',
      'training.metrics=[mae, mse]',
    ),
    {
      training: {
        kind: 'model',
        model: { layers: [{ kind: 'dense', units: 32 }, layers[1], { kind: 'dropout', rate: 0.5 }] },
        optimizer: { kind: 'adam', learningRate: 1e-4 },
        metrics: ['mae', 'mse'],
      },
    },
  )
  assert.equal(layers[0]?.units, 64)
})

test('--set leaves the request that it was given as it is', () => {
  const request = { training: { epochs: 1 } }
  set(request, 'training.epochs=2')
  assert.equal(request.training.epochs, 1)
})

test('a --set that is none is a usage error', () => {
  for (const text of ['epochs', '=1', 'a..b=1', '__proto__.x=1', 'a=[1']) {
    assert.throws(
      () => parseSetting(text),
      (error: unknown) => error instanceof CliError && error.exit === 2,
      text,
    )
  }
  assert.throws(() => set({ name: 'x' }, 'name.first=1'), CliError)
  assert.throws(() => set({ a: [] }, 'a.7=1'), CliError)
})

test('a finding is led back to its line, also for a field that is missing', () => {
  const { value, lineOf } = parseRequest('name: x\nresources:\n  cpus: 2\n  gpus: 99\n', 'job.yml')
  assert.deepEqual(value, { name: 'x', resources: { cpus: 2, gpus: 99 } })
  assert.equal(lineOf('#/resources/gpus'), 'job.yml:4')
  assert.equal(lineOf('#/resources/partition'), 'job.yml:3')
  assert.equal(lineOf('#/training'), null)
})

test('a finding in a list of layers is led back to the line of its layer', () => {
  const text = 'training:\n  model:\n    layers:\n      - { kind: flatten }\n      - { kind: dens }\n'
  const { lineOf } = parseRequest(text, 'job.yml')
  assert.equal(lineOf('/training/model/layers/1/kind'), 'job.yml:5')
  assert.equal(lineOf('/training/model/layers/1/units'), 'job.yml:5')
})

test('a file that cannot be read is shown with line, column and the line itself', () => {
  assert.throws(
    () => parseRequest('name: x\nresources: {cpus: 2\ntraining: 1\n', 'job.yml'),
    (error: unknown) =>
      error instanceof CliError &&
      /^job\.yml:3:\d+ cannot be read/.test(error.message) &&
      error.options.facts?.length === 2,
  )
  for (const text of ['', '[1, 2]', 'words', '{a: 1, a: 2}'])
    assert.throws(() => parseRequest(text, 'job.yml'), CliError, text)
})

test('JSON is read too', () => {
  assert.deepEqual(parseRequest('{"name": "x", "resources": {"cpus": 2}}', 'job.json').value, {
    name: 'x',
    resources: { cpus: 2 },
  })
})
