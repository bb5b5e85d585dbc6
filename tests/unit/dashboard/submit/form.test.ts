import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JobRequest } from '@trotline/contracts'
import {
  EMPTY,
  type Form,
  fieldOf,
  formOf,
  requestOf,
  WAYS,
  withWay,
} from '../../../../apps/dashboard/src/submit/form.ts'

const FILLED: Form = { ...EMPTY, cluster: 'bluecrab', partition: 'gpu' }

test('every way makes a request that the server takes', () => {
  for (const way of WAYS) {
    const form = withWay({ ...FILLED, directory: '/scratch/data', command: 'python3\ntrain.py' }, way)
    const { request, problem } = requestOf(form)
    assert.equal(problem, undefined, way)
    assert.deepEqual(JobRequest.safeParse(request).error?.issues ?? [], [], way)
  }
})

test('a request comes back to the form and out of it as it was', () => {
  for (const way of WAYS) {
    const form = withWay(
      {
        ...FILLED,
        directory: '/scratch/data',
        command: 'python3\n train.py',
        labels: 'team=vision',
        environment: 'ml@3',
        gpus: '2',
      },
      way,
    )
    const asked = JobRequest.parse(requestOf(form).request)
    assert.deepEqual(JobRequest.parse(requestOf(formOf(asked)).request), asked, way)
  }
})

test('what the form has no field for is not lost: it is shown as JSON', () => {
  const asked = JobRequest.parse(requestOf(FILLED).request)
  const special = [
    { ...asked, resources: { ...asked.resources, excludeNodes: ['g07'] } },
    { ...asked, training: { ...asked.training, trainFraction: 0.5 } },
    { ...asked, environment: { spec: 'dependencies: [python]' } },
  ].map(one => JobRequest.parse(one))
  for (const one of special) {
    const form = formOf(one)
    assert.equal(form.way, 'json')
    assert.deepEqual(JobRequest.parse(requestOf(form).request), one)
  }
})

test('what is no number is sent as it was typed, so that the server can say which field', () => {
  const made = requestOf({ ...FILLED, cpus: 'two' }).request
  assert.deepEqual(
    JobRequest.safeParse(made).error?.issues.map(issue => issue.path),
    [['resources', 'cpus']],
  )
})

test('JSON that is none is told before it is sent', () => {
  assert.match(requestOf({ ...FILLED, way: 'json', json: '{' }).problem ?? '', /not JSON/)
})

test('a finding marks the field that its pointer names, and none where it names no single one', () => {
  assert.equal(fieldOf('/resources/partition'), 'partition')
  assert.equal(fieldOf('#/training/epochs'), 'epochs')
  assert.equal(fieldOf('/environment/spec'), 'environment')
  assert.equal(fieldOf('/target'), null)
})
