// trotline epochs: the metrics that are asked for and no others, in every form the command has.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { EpochPage, JobRequest } from '../../packages/contracts/src/index.ts'
import { type ContractServer, epochAt, now, REQUEST, startContractServer } from './cli-contract-server.ts'
import { run, start } from './cli-run.ts'

let server: ContractServer
before(async () => {
  server = await startContractServer()
})
after(() => server.stop())

const named = (name: string): string => server.accept(JobRequest.parse({ ...REQUEST, name })).id
const rows = (stdout: string, by: string): string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map(line => line.split(by).slice(4).join(' '))

test('epochs --metric shows these metrics in this order, as rows, as --csv and as --json', async () => {
  const id = named('chosen')
  const bad = { loss: null, val_loss: 1, mae: 3 }
  server.report(id, [
    { ...epochAt(0, 2.5), values: { loss: 2.5, val_loss: 2, mae: 4 } },
    { ...epochAt(1, 0), values: bad, nonFinite: { loss: 'nan' } },
  ])
  const asked = ['epochs', id, '--metric', 'mae,loss']
  const [piped, csv, json, one] = await Promise.all([
    run(server, asked),
    run(server, [...asked, '--csv']),
    run(server, [...asked, '--json']),
    run(server, ['epochs', id, '--metric', 'val_loss', '--metric', 'mae', '--json']),
  ])
  assert.deepEqual(rows(piped.stdout, '\t'), ['mae loss', '4 2.5', '3 nan'])
  assert.deepEqual(rows(csv.stdout, ','), ['mae loss', '4 2.5', '3 nan'])
  const { items } = EpochPage.parse(JSON.parse(json.stdout))
  assert.deepEqual(
    items.map(({ values, nonFinite = null }) => [values, nonFinite]),
    [
      [{ loss: 2.5, mae: 4 }, null],
      [{ loss: null, mae: 3 }, { loss: 'nan' }],
    ],
  )
  // What is no number is not told of a metric that nobody asked for.
  assert.deepEqual(
    EpochPage.parse(JSON.parse(one.stdout)).items.map(({ values, nonFinite }) => [values, nonFinite]),
    [
      [{ val_loss: 2, mae: 4 }, undefined],
      [{ val_loss: 1, mae: 3 }, undefined],
    ],
  )
})

test('a metric that the epochs have not is refused with those they have; before the first epoch none is known to be wrong', async () => {
  const id = named('absent')
  const early = await run(server, ['epochs', id, '--metric', 'accuracy'])
  assert.deepEqual([early.code, early.stdout], [0, 'epoch\tattempt\tat\tseconds\taccuracy\n'])
  server.report(id, [epochAt(0, 2.5)])
  const asked = (name: string, ...more: string[]) => run(server, ['epochs', id, '--metric', name, ...more])
  const forms = [[], ['--json'], ['--watch'], ['--watch', '--json']]
  for (const { code, stdout, stderr } of await Promise.all(forms.map(more => asked('loss,accuracy', ...more)))) {
    assert.deepEqual([code, stdout], [2, ''], stderr)
    assert.match(stderr, /There is no metric \\?"accuracy\\?"/)
  }
  assert.match((await asked('acc')).stderr, /To do: They have loss, val_loss\.\n/)
  const wrong = await Promise.all(['', 'loss,', 'a b', '../x'].map(name => asked(name)))
  assert.deepEqual(
    wrong.map(({ code }) => code),
    [2, 2, 2, 2],
  )
})

test('epochs --metric --watch tells these metrics of each epoch as it comes', async () => {
  const id = named('watched')
  server.put({ ...server.kept(id).job, state: 'running' })
  server.report(id, [epochAt(0, 4)])
  const watching = start(server, ['epochs', id, '--watch', '--metric', 'loss'])
  await watching.says('\t4\n')
  server.report(id, [epochAt(1, 3)])
  await watching.says('\t3\n')
  server.put({ ...server.kept(id).job, state: 'completed', endedAt: now() })
  const { code, stdout } = await watching.ended
  assert.equal(code, 0)
  assert.deepEqual(rows(stdout, '\t'), ['loss', '4', '3'])
})
