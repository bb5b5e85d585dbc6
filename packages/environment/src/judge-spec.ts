// An environment before it is solved, on one kind of node. What it asks for is read once (spec-software.ts), and judged as often as
// there are kinds of nodes to choose from.
import type { CompatibilityQuestion, CompatibilityReport, Hardware } from '@trotline/contracts'
import { newestCudaOf } from './gates/driver-cuda.ts'
import { judge } from './judge.ts'
import { judgeCuda } from './judge-cuda.ts'
import { together } from './judge-together.ts'
import type { Matrix } from './matrix/matrix.ts'
import { type EnvironmentSpec, type SpecSoftware, softwareOfSpec } from './spec-software.ts'
import { parseDriver } from './versions/driver.ts'

/** Never throws for what the spec says: a line that nobody can read is a finding. */
export function judgeSpec(
  spec: EnvironmentSpec | SpecSoftware,
  hardware: Hardware,
  matrix: Matrix,
): CompatibilityReport {
  const software = softwareOf(spec, matrix)
  const { questions } = questionsOfSpec(software, hardware, matrix)
  const reports = questions.map(question => judge(question, matrix))
  return together(reports, [...software.findings, ...judgeCuda(software.cuda, hardware, matrix)], hardware, matrix)
}

/** The statements that an environment makes, one per framework in it. */
export function questionsOfSpec(
  spec: EnvironmentSpec | SpecSoftware,
  hardware: Hardware,
  matrix: Matrix,
): { questions: CompatibilityQuestion[] } {
  const solver = solverOf(hardware, matrix)
  return {
    questions: softwareOf(spec, matrix).asked.map(({ software, isSolved }) => ({
      ...hardware,
      ...software,
      ...(isSolved ? solver : {}),
    })),
  }
}

const softwareOf = (spec: EnvironmentSpec | SpecSoftware, matrix: Matrix): SpecSoftware =>
  'asked' in spec ? spec : softwareOfSpec(spec, matrix)

/** The solver is told what the nodes' driver supports, not what the machine has that solves. */
function solverOf(hardware: Hardware, matrix: Matrix): Pick<CompatibilityQuestion, 'virtualPackages'> {
  const driver = hardware.driver === undefined ? null : parseDriver(hardware.driver)
  const ceiling = driver === null ? null : newestCudaOf(driver, matrix)
  return ceiling === null ? {} : { virtualPackages: { __cuda: ceiling.newestCuda } }
}
