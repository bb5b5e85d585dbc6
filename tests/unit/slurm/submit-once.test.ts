// What the step does is shown by tests/integration/submit-once.test.ts; here is what goes in and what is made of its answers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlurmError } from '../../../packages/slurm/src/errors.ts'
import { shellCommand } from '../../../packages/slurm/src/shell-quote.ts'
import {
  parseSubmit,
  type SubmitOrder,
  submitCommand,
  submitSteps,
  wasNotTried,
} from '../../../packages/slurm/src/submit-once.ts'

const ORDER: SubmitOrder = {
  directory: "/work/it's/$(id)",
  submission: 2,
  name: 'tl-1',
  scriptFile: 'script.sh',
  files: [{ path: 'script.sh', sha256: 'a'.repeat(64) }],
  mode: 'submit',
}
const LIMITS = {
  user: 'u',
  slurmBinDirectory: null,
  lockWaitSeconds: 1,
  queryLimitSeconds: 2,
  sbatchLimitSeconds: 3,
  settleSeconds: 4,
  startWithinSeconds: 5,
}
const command = (...orders: SubmitOrder[]) => submitCommand(orders, LIMITS)
const result = (stdout: string) => ({ exitCode: 0, signal: null, stdout, stderr: '', durationMs: 0 })
const answers = (stdout: string, count: number) => parseSubmit(result(stdout), count)
const answer = (words: string) => answers(`submit-once/2 0 ${words}\n`, 1)[0]
const codeOf = (outcome: unknown) => (outcome instanceof SlurmError ? outcome.code : null)

test('the step is one fixed text for one order or many; all that varies are its arguments', () => {
  const other = { ...ORDER, directory: '/other', name: 'tl-2', files: [] }
  const [one, two] = [command(ORDER), command(other, ORDER)]
  assert.deepEqual(one.slice(0, 7), two.slice(0, 7))
  const own = ['u', '', '1', '2', '3', '4', '5']
  const order = [
    ORDER.directory,
    '2',
    'tl-1',
    'submit',
    '',
    'script.sh',
    `${'a'.repeat(64)}  ${ORDER.directory}/script.sh\n`,
  ]
  assert.deepEqual(one.slice(7), [...own, ...order])
  assert.deepEqual(two.slice(7), [...own, '/other', '2', 'tl-2', 'submit', '', 'script.sh', '', ...order])
  assert.equal(command({ ...ORDER, triedSecondsAgo: 0 }).at(-3), '0')
})

test('names, numbers and hashes outside their alphabets are bugs of the caller, and so are two orders of one name', () => {
  for (const name of ['', 'a b', 'a,b', '-x', 'a\n', 'é', 'a|b', '../a', 'a%j']) {
    assert.throws(() => command({ ...ORDER, name }), TypeError, name)
  }
  for (const submission of [0, -1, 1.5, Number.NaN]) assert.throws(() => command({ ...ORDER, submission }), TypeError)
  for (const triedSecondsAgo of [-1, 1.5, Number.NaN])
    assert.throws(() => command({ ...ORDER, triedSecondsAgo }), TypeError)
  for (const scriptFile of ['../script.sh', '-x', '']) assert.throws(() => command({ ...ORDER, scriptFile }), TypeError)
  assert.throws(() => command({ ...ORDER, files: [{ path: 'x', sha256: 'abc' }] }), TypeError)
  assert.throws(() => command(ORDER, { ...ORDER, directory: '/other' }), TypeError)
})

test('many orders go in steps of at most two hundred, in order, and of no more text than the remote shell takes', () => {
  const orders = Array.from({ length: 430 }, (_, i) => ({ ...ORDER, name: `tl-${i}` }))
  const steps = submitSteps(orders)
  assert.deepEqual(
    steps.map(step => step.length),
    [200, 200, 30],
  )
  assert.deepEqual(steps.flat(), orders)
  const long = orders.map(order => ({ ...order, directory: `/${'d'.repeat(4_000)}` }))
  const longSteps = submitSteps(long)
  assert.deepEqual(longSteps.flat(), long)
  for (const step of longSteps) assert.ok(shellCommand(command(...step)).length < 128 * 1024)
  assert.deepEqual(submitSteps([]), [])
})

test('a path that holds what would break a line is escaped as sha256sum does', () => {
  const sums = command({ ...ORDER, directory: '/a\\b\nc', files: [{ path: 'x', sha256: 'b'.repeat(64) }] }).at(-1)
  assert.equal(sums, `\\${'b'.repeat(64)}  /a\\\\b\\nc/x\n`)
})

test('outcomes are values', () => {
  for (const how of ['new', 'found', 'known'] as const) {
    assert.deepEqual(answer(`${how} 17`), { kind: 'submitted', slurmJobId: '17', how })
  }
  assert.deepEqual(answer('cancelled'), { kind: 'cancelled' })
  assert.deepEqual(answer('absent'), { kind: 'absent' })
  assert.deepEqual(answer('wait 2500'), { kind: 'wait', waitMs: 2500 })
  assert.deepEqual(answer('refused No, and\\nno: \\\\n'), { kind: 'refused', message: 'No, and\nno: \\n' })
  assert.deepEqual(answer('unknowable é'), { kind: 'unknowable', message: 'é' })
  assert.deepEqual(answer('limited MaxJobCount sbatch: error:\\nfull'), {
    kind: 'limited',
    limit: 'MaxJobCount',
    message: 'sbatch: error:\nfull',
  })
})

test('what could not be asked, a held lock and damaged files are errors that may pass', () => {
  for (const [words, code] of [
    ['could-not-ask squeue ended with 1', 'SLURM_UNREACHABLE'],
    ['busy', 'SLURM_STEP_BUSY'],
    ['damaged script.sh', 'SLURM_FILES_DAMAGED'],
  ] as const) {
    const error = answer(words)
    assert.ok(error instanceof SlurmError && error.transient, words)
    assert.equal(error.code, code)
  }
})

test('an order that was surely not tried says so; what could not be asked may have been', () => {
  const told = (words: string): unknown[] => {
    const error = answer(words)
    return error instanceof SlurmError ? [error.code, wasNotTried(error)] : assert.fail(words)
  }
  assert.deepEqual(told('not-tried an sbatch hangs'), ['SLURM_UNREACHABLE', true])
  assert.deepEqual(told('could-not-ask sbatch ended with 1'), ['SLURM_UNREACHABLE', false])
})

test('noise of login scripts around the answer does not matter, any other answer does', () => {
  const [noisy] = answers('Welcome!\nsubmit-once/2 0 new 5\nbye\n', 1)
  assert.ok(noisy && 'kind' in noisy && noisy.kind === 'submitted')
  for (const stdout of [
    '',
    'Welcome!\n',
    'submit-once/2 0 new 5',
    'submit-once/2 0 new\n',
    'submit-once/2 0 new 5 6\n',
    'submit-once/2 0 new x\n',
    'submit-once/1 new 5\n',
    'submit-once/2 new 5\n',
    'submit-once/2 1 new 5\n',
    'submit-once/2 0 new 5\nsubmit-once/2 0 new 5\n',
    'submit-once/2 0 refused\n',
    'submit-once/2 0 limited MaxJobCount\n',
    'submit-once/2 0 absent 1\n',
    'submit-once/2 0 wait -1\n',
    'submit-once/2 0 maybe\n',
  ]) {
    assert.deepEqual(answers(stdout, 1).map(codeOf), ['SLURM_UNREADABLE'], JSON.stringify(stdout))
  }
})

test('each order has its own answer, in whatever order they came, and one without is an error of its own', () => {
  const lines = ['2 new 7', '0 refused no', '1 could-not-ask away', '4 new 9'].map(line => `submit-once/2 ${line}\n`)
  const outcomes = answers(`${lines.join('')}submit-once/2 3 new 8`, 5)
  assert.deepEqual(outcomes.map(codeOf), [null, 'SLURM_UNREACHABLE', null, 'SLURM_UNREADABLE', null])
  assert.deepEqual(
    outcomes.map(outcome => ('kind' in outcome && outcome.kind === 'submitted' ? outcome.slurmJobId : '')),
    ['', '', '7', '', '9'],
  )
})
