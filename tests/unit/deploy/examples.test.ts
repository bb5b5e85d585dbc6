// The example requests: each fits the contract as it stands, and nothing speaks against its training.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { JobRequest, PRESETS, trainingFindings } from '@trotline/contracts'
import { parseRequest } from '../../../apps/cli/src/request/request-file.ts'
import { accept } from '../../../apps/orchestrator/src/lifecycle/accept.ts'
import { shippedCompatibility } from '../../support/compatibility.ts'
import { AT, clusterFacts, clusterSettings } from '../../support/job-records.ts'

const directory = fileURLToPath(new URL('../../../deploy/examples/', import.meta.url))
const names = readdirSync(directory)
const read = (name: string): JobRequest =>
  JobRequest.parse(parseRequest(readFileSync(`${directory}${name}`, 'utf8'), name).value)

describe('the example', () => {
  for (const name of names)
    test(`${name} is accepted by a server`, () => {
      const request = read(name)
      const { training, resources } = request
      if (training.kind !== 'command') assert.deepEqual(trainingFindings(training, resources.gpus), [])
      const principal = { owner: { id: 'ada', name: 'Ada' }, role: 'user', identity: 'default' } as const
      const compatibility = shippedCompatibility()
      const clusters = [clusterSettings()]
      const answer = accept({ request, principal, clusters, facts: clusterFacts(), compatibility, at: AT })
      assert.deepEqual(answer.accepted ? answer.job.notes : answer.findings, [])
    })
})

test('there is an example of every preset, of models on tables and on images, and of a command', () => {
  const requests = names.map(read)
  const presets = requests.map(({ training }) => (training.kind === 'preset' ? training.preset : null))
  for (const preset of PRESETS) assert.ok(presets.includes(preset), preset)
  const formats = requests.map(({ training }) => (training.kind === 'model' ? training.data.format : null))
  assert.ok(formats.includes('csv') && formats.includes('idx'))
  assert.ok(requests.some(({ training }) => training.kind === 'command'))
})
