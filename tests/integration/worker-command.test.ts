// A command as the worker's release runs it on a node: real processes, real signals, no environment. What it is given, what is made of what
// it reports, and that nothing of it outlives its run. With an environment: worker-environment.test.ts.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type CommandTraining, History, WORKER_EXIT } from '@trotline/contracts'
import type { z } from 'zod'
import { buildRelease } from '../../deploy/release/release.ts'
import { eventually } from '../support/eventually.ts'
import { makeJob as makeDirectory, runFile, SPEC, start as startHere } from './worker-in-process.ts'
import {
  epochsOf,
  type JobOptions,
  lineCount,
  linesOf,
  makeJob,
  nextRun,
  resultOf,
  type Started,
  start,
  type TestJob,
  textOf,
  until,
} from './worker-process.ts'

type Asked = Omit<z.input<typeof CommandTraining>, 'kind'>

describe('a command', () => {
  let home: string
  let release: { id: string; directory: string }

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'trotline-command-'))
    const root = fileURLToPath(new URL('../..', import.meta.url))
    release = await buildRelease(root, join(home, 'releases'), { tensorLibrary: false })
  })
  after(() => rm(home, { recursive: true, force: true }))

  const job = (asked: Asked, options?: JobOptions): Promise<TestJob> =>
    makeJob({ home, release }, { kind: 'command', ...asked }, options)
  const begin = (t: TestContext, one: TestJob, env: NodeJS.ProcessEnv = {}): Promise<Started> =>
    start(t, { home, release }, one, { env: { PATH: process.env.PATH, ...env } })
  const output = async (one: TestJob): Promise<string> =>
    `${await textOf(join(one.run, 'stdout'))}\n${await textOf(join(one.run, 'stderr'))}`
  const out = (one: TestJob): Promise<string> => textOf(join(one.run, 'stdout'))
  const err = (one: TestJob): Promise<string> => textOf(join(one.run, 'stderr'))
  const shell = (text: string): string[] => ['sh', '-c', text]

  async function ran(t: TestContext, asked: Asked, options?: JobOptions) {
    const one = await job(asked, options)
    const { ended } = await begin(t, one)
    const { code } = await ended
    return { one, code, result: await resultOf(one) }
  }

  test('runs in a folder of its run with its files, its words and its variables, and is completed by exit code 0', async t => {
    const files = {
      'main.sh': '#!/bin/sh\npwd\nexec ./lib/show.sh "$@"\n',
      'lib/show.sh': '#!/bin/sh\nfor w; do echo "<$w>"; done\nenv\n',
    }
    const { one, code, result } = await ran(t, {
      command: ['./main.sh', 'a b', '$(id)', ''],
      files,
      env: { LR: '0.1 0.2' },
      seed: 7,
    })
    assert.equal(code, WORKER_EXIT.completed)
    const said = await out(one)
    assert.match(said, new RegExp(`^${one.run}/work\n<a b>\n<\\$\\(id\\)>\n<>\n`, 'm'))
    for (const line of [
      'LR=0.1 0.2',
      'TROTLINE_SEED=7',
      'PYTHONHASHSEED=7',
      'SLURM_JOB_ID=7',
      'DEBUG=*',
      `TROTLINE_EPOCHS=${one.run}/reported.jsonl`,
      `TROTLINE_CHECKPOINTS=${one.run}/checkpoints`,
    ])
      assert.ok(said.split('\n').includes(line), `${line} in\n${said}`)
    assert.doesNotMatch(said, /report\.json|TROTLINE_RESUME|NVIDIA_TF32_OVERRIDE|TF_DETERMINISTIC/)
    const { outcome, command, training, failure, data, environment } = result
    assert.deepEqual([outcome, failure, data, environment], ['completed', null, [], null])
    assert.deepEqual([command?.exitCode, command?.signal], [0, null])
    assert.deepEqual([training?.backend, training?.epochs], ['command', 0])
    assert.equal((await stat(join(one.run, 'work'))).mode & 0o777, 0o700)
    assert.equal((await stat(join(one.run, 'work/main.sh'))).mode & 0o777, 0o700)
  })

  test('has its epochs on record as it reports them, with what is on record at the end', async t => {
    // Each epoch but the last is reported only when the one before was seen in the run's own file.
    const script = [
      'for e in 0 1 2 3 4; do',
      '  echo "{\\"epoch\\": $e, \\"loss\\": 0.$e}" >> "$TROTLINE_EPOCHS"',
      '  while [ ! -e "go$e" ]; do sleep 0.02; done',
      'done',
      'echo bad >> "$TROTLINE_EPOCHS"',
      'printf \'{"epoch": 5, "loss": NaN}\' >> "$TROTLINE_EPOCHS"',
    ].join('\n')
    const one = await job({ command: ['sh', 'train.sh'], files: { 'train.sh': script }, epochs: 6 })
    const { child, ended } = await begin(t, one)
    for (let epoch = 0; epoch < 5; epoch += 1) {
      await until(`epoch ${epoch} is on record`, child, async () => (await lineCount(one)) === epoch + 1)
      await writeFile(join(one.run, `work/go${epoch}`), '')
    }
    assert.equal((await ended).code, WORKER_EXIT.completed)
    assert.deepEqual(await epochsOf(one), [0, 1, 2, 3, 4, 5])
    assert.deepEqual((await linesOf(one)).at(-1)?.nonFinite, { loss: 'nan' })
    const { training } = await resultOf(one)
    assert.deepEqual([training?.epochs, training?.metrics], [6, { loss: null }])
    assert.match(await out(one), /epoch 6\/6 {2}loss nan/)
    assert.match(await err(one), /line 6 of TROTLINE_EPOCHS is not used: it is not JSON/)
    const history = History.parse(JSON.parse(await readFile(join(one.run, 'artifacts/history.json'), 'utf8')))
    assert.equal(history.epochs.length, 6)
  })

  for (const [what, command, code, words] of [
    ['an exit code', ['sh', '-c', 'exit 3'], 3, /ended with exit code 3 after/],
    ['no such program', ['no-such-program'], 127, /could not be started: there is no such program on PATH/],
    ['a file that is no program', ['./data'], 126, /could not be started: .*EACCES/],
  ] as const)
    test(`that ends with ${what} has failed by that, and the record says how`, async t => {
      const { code: own, result } = await ran(t, { command: [...command], files: { data: 'x' } })
      assert.equal(own, WORKER_EXIT.failed)
      assert.deepEqual(
        [result.outcome, result.failure?.reason, result.command?.exitCode],
        ['failed', 'exit-code', code],
      )
      assert.match(result.failure?.detail ?? '', words)
    })

  test('that a signal ends has failed by that signal', async t => {
    const { result } = await ran(t, { command: shell('kill -SEGV $$') })
    assert.deepEqual(
      [result.failure?.reason, result.command],
      ['signal', { ...result.command, exitCode: null, signal: 'SIGSEGV' }],
    )
    assert.match(result.failure?.detail ?? '', /was ended by SIGSEGV/)
  })

  test('whose words and variables are more than a kernel takes is told so', async t => {
    const { result } = await ran(t, { command: ['true', ...Array.from({ length: 200 }, () => 'x'.repeat(16_000))] })
    assert.deepEqual([result.failure?.reason, result.command?.exitCode], ['exit-code', 126])
    assert.match(result.failure?.detail ?? '', /could not be started: spawn E2BIG/)
  })

  test('whose files cannot lie beside each other does not start', async t => {
    const { result } = await ran(t, { command: ['true'], files: { a: '', 'a/b': '' } })
    assert.deepEqual([result.failure?.code, result.command], ['command-files', null])
    assert.match(result.failure?.detail ?? '', /a is a file, and a\/b would have to lie in it/)
  })

  test('that is told to stop has time to end in good order, and its run is stopped, whatever its exit code', async t => {
    const one = await job({
      command: shell(
        'trap \'echo kept > "$TROTLINE_CHECKPOINTS/state"; exit 0\' TERM; echo "{\\"epoch\\":0}" >> "$TROTLINE_EPOCHS"; echo ready; while :; do sleep 0.05; done',
      ),
    })
    const { child, ended } = await begin(t, one)
    await until('it listens', child, async () => (await lineCount(one)) === 1)
    child.kill('SIGTERM')
    assert.equal((await ended).code, WORKER_EXIT.stopped)
    const { outcome, stoppedBy, signal, command, checkpoint, failure } = await resultOf(one)
    assert.deepEqual([outcome, stoppedBy, signal, failure], ['stopped', 'signal', 'SIGTERM', null])
    assert.deepEqual([command?.exitCode, checkpoint], [0, { epochs: 1, batches: 0, seconds: 0, bytes: 5 }])
  })

  test('goes on in a later run from what the one before left, and its epochs count on', async t => {
    const script = [
      'epoch=0',
      '[ -z "$TROTLINE_RESUME" ] || read -r epoch < "$TROTLINE_RESUME/state"',
      'while [ "$epoch" -lt 6 ]; do',
      '  echo "{\\"epoch\\": $epoch, \\"loss\\": 1}" >> "$TROTLINE_EPOCHS"',
      '  epoch=$((epoch + 1))',
      '  echo "$epoch" > "$TROTLINE_CHECKPOINTS/new" && mv "$TROTLINE_CHECKPOINTS/new" "$TROTLINE_CHECKPOINTS/state"',
      '  [ "$epoch" -ne 3 ] || [ -n "$TROTLINE_RESUME" ] || { echo kept > kept; while :; do sleep 60; done; }',
      'done',
    ].join('\n')
    const first = await job({ command: ['sh', 'train.sh'], files: { 'train.sh': script }, epochs: 6 })
    const { child, ended } = await begin(t, first)
    await until('three epochs', child, async () => (await lineCount(first)) === 3)
    await until('it has kept its state', child, async () => existsSync(join(first.run, 'work/kept')))
    child.kill('SIGTERM')
    assert.equal((await ended).code, WORKER_EXIT.stopped)
    const second = await nextRun(first, '1-1')
    assert.equal((await (await begin(t, second)).ended).code, WORKER_EXIT.completed)
    assert.deepEqual(
      [await epochsOf(first), await epochsOf(second)],
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    )
    const { training, resumed } = await resultOf(second)
    assert.deepEqual([training?.epochs, resumed], [6, { run: '1-0', epochs: 3, batches: 0 }])
    assert.match(await out(second), /TROTLINE_RESUME is what run 1-0 left/)
  })

  test('hears the warning before its time limit where it listens for it, and is not ended by it where it does not', async t => {
    const listen = 'trap "echo warned > heard" USR2\necho here > listens\nwhile [ ! -s heard ]; do sleep 0.05; done\n'
    const both = await job({
      command: ['sh', 'main.sh'],
      files: { 'main.sh': 'sh listen.sh\necho survived\n', 'listen.sh': listen },
    })
    const { child, ended } = await begin(t, both)
    await until('it listens', child, async () => existsSync(join(both.run, 'work/listens')))
    child.kill('SIGUSR2')
    assert.equal((await ended).code, WORKER_EXIT.completed)
    assert.match(await output(both), /^survived$[\s\S]*a process of the command is told/m)

    const none = await job({ command: shell('echo here > here; until [ -e go ]; do sleep 0.05; done; echo survived') })
    const second = await begin(t, none)
    await until('it runs', second.child, async () => existsSync(join(none.run, 'work/here')))
    second.child.kill('SIGUSR2')
    const said = /no process of the command listens for it/
    await until('it is said', second.child, async () => said.test(await err(none)))
    await writeFile(join(none.run, 'work/go'), '')
    assert.equal((await second.ended).code, WORKER_EXIT.completed)
    assert.match(await out(none), /^survived$/m)
  })

  const groupOf = async (one: TestJob): Promise<number> => Number(await readFile(join(one.run, 'work/pid'), 'utf8'))
  const processesOf = async (group: number): Promise<string[]> => {
    const found: string[] = []
    for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
      const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      if (fields[0] !== 'Z' && Number(fields[2]) === group) found.push(pid)
    }
    return found
  }

  test('that is cancelled by its mark ends with all that it started', async () => {
    // In this process, whose hearts beat fast: no signal, the worker sees the mark at its next heartbeat.
    const command = ['/bin/sh', '-c', 'echo $$ > pid; sleep 4711 & sleep 4712 & wait']
    const training = { kind: 'command', command, files: {}, env: {}, data: [], epochs: null, seed: 0 }
    const directory = await makeDirectory(home, { ...SPEC, training })
    const ended = startHere(directory)
    const pid = runFile(directory, 'work/pid')
    await eventually('it runs', async () => (await textOf(pid)) !== '')
    const group = Number(await textOf(pid))
    await eventually('it has started its own', async () => (await processesOf(group)).length >= 3)
    await writeFile(join(directory, 'cancelled'), '')
    const { code, stderr } = await ended
    assert.equal(code, WORKER_EXIT.cancelled)
    assert.match(stderr, /the command is told to stop/)
    assert.deepEqual(await processesOf(group), [])
  })

  test('leaves nothing running behind, where it ends by itself and where its worker leaves at once', async t => {
    const left = await job({ command: shell('echo $$ > pid; sleep 4713 & exit 0') })
    const { ended } = await begin(t, left)
    assert.equal((await ended).code, WORKER_EXIT.completed)
    assert.deepEqual(await processesOf(await groupOf(left)), [])

    const deaf = await job({ command: shell('trap "" TERM; echo $$ > pid; while :; do sleep 0.1; done') })
    const second = await begin(t, deaf)
    await until('it runs', second.child, async () => (await textOf(join(deaf.run, 'work/pid'))) !== '')
    second.child.kill('SIGTERM')
    await until('it is told', second.child, async () => /told to stop/.test(await err(deaf)))
    const group = await groupOf(deaf)
    assert.ok((await processesOf(group)).length > 0, 'it does not listen')
    // Twice within a second is one wish.
    await new Promise(resolve => setTimeout(resolve, 1100))
    second.child.kill('SIGTERM')
    assert.equal((await second.ended).code, WORKER_EXIT.stopped)
    await eventually('nothing of it runs', async () => (await processesOf(group)).length === 0)
  })

  test('is run by whoever holds the fence, and not again after its end', async t => {
    const one = await job({ command: shell('echo ran >> "$TROTLINE_CHECKPOINTS/../count"') })
    const codes = await Promise.all(Array.from({ length: 4 }, async () => (await (await begin(t, one)).ended).code))
    assert.deepEqual(
      codes.sort(),
      [WORKER_EXIT.completed, WORKER_EXIT.fenced, WORKER_EXIT.fenced, WORKER_EXIT.fenced].sort(),
    )
    assert.equal(await textOf(join(one.run, 'count')), 'ran\n')
    const again = await nextRun(one, '1-1')
    assert.equal((await (await begin(t, again)).ended).code, WORKER_EXIT.fenced)
  })

  test('has the files that it was fed with on record, and is not run by a rerun whose data is another', async t => {
    const path = join(home, 'data.csv')
    await writeFile(path, 'a,b\n1,2\n')
    const sha256 = createHash('sha256').update('a,b\n1,2\n').digest('hex')
    const digest = { path, bytes: 8, sha256 }
    const { result } = await ran(t, { command: ['true'], data: [path] })
    assert.deepEqual(result.data, [digest])

    const same = await ran(t, { command: ['true'], data: [path] }, { spec: { expectData: [digest] } })
    assert.deepEqual([same.code, same.result.data], [WORKER_EXIT.completed, [digest]])

    await writeFile(path, 'a,b\n1,3\n')
    const other = await ran(t, { command: shell('echo ran > ran'), data: [path] }, { spec: { expectData: [digest] } })
    assert.deepEqual([other.code, other.result.failure?.code], [WORKER_EXIT.failed, 'data-changed'])
    assert.match(other.result.failure?.detail ?? '', new RegExp(`${path} has 8 bytes .* are expected`))
    assert.equal(existsSync(join(other.one.run, 'work')), false)
  })

  test('may report 100,000 epochs at once: all are on record, in order', async t => {
    const { one, code, result } = await ran(t, {
      command: shell('seq 0 99999 | sed \'s/.*/{"epoch": &, "loss": 0.5, "acc": 1}/\' >> "$TROTLINE_EPOCHS"'),
    })
    assert.equal(code, WORKER_EXIT.completed)
    const epochs = await epochsOf(one)
    assert.equal(epochs.length, 100_000)
    assert.ok(epochs.every((epoch, i) => epoch === i))
    assert.equal(result.training?.epochs, 100_000)
  })

  test('that fills its disk with its own words reports what it can', async t => {
    const { one, code } = await ran(t, {
      command: shell(
        'head -c 3000000 /dev/zero | tr "\\0" x >> "$TROTLINE_EPOCHS"; echo >> "$TROTLINE_EPOCHS"; echo "{\\"epoch\\": 0}" >> "$TROTLINE_EPOCHS"',
      ),
    })
    assert.equal(code, WORKER_EXIT.completed)
    assert.deepEqual(await epochsOf(one), [0])
    assert.match(await output(one), /longer than 16384 bytes/)
  })

  test('cannot be started where its folder is there already', async t => {
    const one = await job({ command: ['true'] })
    mkdirSync(join(one.run, 'work'))
    assert.equal((await (await begin(t, one)).ended).code, WORKER_EXIT.failed)
    assert.deepEqual(
      [(await resultOf(one)).failure?.reason, (await resultOf(one)).failure?.code],
      ['environment', 'COMMAND_FOLDER'],
    )
  })
})
