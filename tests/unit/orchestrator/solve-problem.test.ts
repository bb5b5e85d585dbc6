import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { solveProblem } from '../../../apps/orchestrator/src/http/solve-problem.ts'
import { SolveError } from '../../../apps/orchestrator/src/solving/solve-error.ts'

const at = (pointer: string, line: number | null = null) => ({ pointer, detail: 'It is wrong.', line, column: null })

describe('a solve that ended without a lock', () => {
  test('is told by our own sentence, then by every line, then in the solver’s words', () => {
    const findings = [at('/dependencies/2', 7), at('/channels/0')]
    const tree = 'nothing provides x\n  which y needs'
    const problem = solveProblem(new SolveError('SOLVE_IMPOSSIBLE', 'It needs x.', { findings, tree }), '/spec')
    assert.deepEqual([problem.problem, problem.message], ['environment-impossible', 'It needs x.'])
    assert.deepEqual(problem.findings, [
      { pointer: '/spec/dependencies/2', detail: 'It is wrong. (Line 7.)' },
      { pointer: '/spec/channels/0', detail: 'It is wrong.' },
      { pointer: '/spec', detail: `The solver says:\n${tree}` },
    ])
  })

  test('names the field that says where it is to run, where that is what is wrong', () => {
    const error = new SolveError('SOLVE_IMPOSSIBLE', 'No driver is known.', { findings: [at('/target')] })
    assert.equal(solveProblem(error, '/spec').findings[0]?.pointer, '/target')
    assert.equal(solveProblem(error, '/environment/spec').findings[0]?.pointer, '/resources/partition')
  })

  test('has a field to point at even where nothing else is known, but for what is no fault of the request', () => {
    const refused = solveProblem(new SolveError('CHANNEL_REFUSED', 'x is not configured.'), '/environment/spec')
    assert.deepEqual(refused.findings, [{ pointer: '/environment/spec', detail: 'x is not configured.' }])
    assert.deepEqual(solveProblem(new SolveError('CHANNEL_AWAY', 'x is away.'), '/spec').findings, [])
  })
})
