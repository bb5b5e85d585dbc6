// A solve that ended without a lock, as a problem: our own sentence first, then the solver's explanation, then every line that is wrong.
import type { Finding } from '@trotline/contracts'
import type { SolveError } from '../solving/solve-error.ts'
import { PROBLEMS, ProblemError, problemCodeOf } from './problems.ts'

/** @param field the field of the request that has the spec or the lock, as a pointer */
export function solveProblem(error: SolveError, field: '/spec' | '/environment/spec'): ProblemError {
  const code = problemCodeOf(error) ?? 'solver-failed'
  const target = field === '/spec' ? '/target' : '/resources/partition'
  // What is wrong with where it is to run is no fault of the spec.
  const findings = error.findings.map(finding =>
    finding.pointer === '/target' ? findingAt({ ...finding, pointer: '' }, target) : findingAt(finding, field),
  )
  const isTheirs = PROBLEMS[code].status < 500
  return new ProblemError(code, error.message, [
    ...(findings.length === 0 && isTheirs ? [{ pointer: field, detail: error.message }] : findings),
    ...(error.tree === null ? [] : [{ pointer: field, detail: `The solver says:\n${error.tree}` }]),
  ])
}

interface PlacedFinding extends Finding {
  line: number | null
  column: number | null
}

/** Lines and columns are those of the text that was sent. */
export function findingAt({ line, column, pointer, ...finding }: PlacedFinding, field: string): Finding {
  const place = line === null ? '' : ` (Line ${line}${column === null ? '' : `, column ${column}`}.)`
  return { ...finding, pointer: `${field}${pointer}`, detail: `${finding.detail}${place}` }
}
