// What packages/environment knows, bound to the matrix that this server was started with. The one place where it is plugged in.
import { createHash } from 'node:crypto'
import type {
  CompatibilityQuestion,
  CompatibilityReport,
  Hardware,
  SuggestAnswer,
  Suggestion,
  SuggestRequest,
} from '@trotline/contracts'
import {
  type EnvironmentSpec,
  judge,
  judgeSpec,
  nearest,
  newest,
  type Partition,
  parseMatrix,
  questionsOfSpec,
} from '@trotline/environment'
import { OrchestratorError } from '../errors.ts'

/** The partition that was asked for, and where else it might run: the same software is judged there, too. */
export interface Elsewhere {
  /** null: the question named a driver and a GPU. */
  partition: string | null
  others: readonly Partition[]
}

export interface Compatibility {
  judge(question: CompatibilityQuestion): CompatibilityReport
  /** Of an environment before it is solved; with what would run instead where it does not run. */
  judgeSpec(spec: EnvironmentSpec, hardware: Hardware, from: Elsewhere): CompatibilityReport
  /** What would run instead, nearest first. */
  nearest(question: CompatibilityQuestion, from: Elsewhere): Suggestion[]
  newest(request: SuggestRequest): SuggestAnswer
  /** The matrix as it lies in its file, and the hash that it is known by. */
  document: { text: string; sha256: string }
}

/** @throws OrchestratorError CONFIG_INVALID where the text is no matrix; `file` is named then */
export function createCompatibility(text: string, file: string): Compatibility {
  const matrix = parsed(text, file)
  const own: Compatibility = {
    judge: question => judge(question, matrix),
    judgeSpec(spec, hardware, from) {
      const report = judgeSpec(spec, hardware, matrix)
      if (report.verdict !== 'incompatible') return report
      // Another partition is of use where all of the environment runs, and is told once.
      const others = from.others.filter(other => runs(judgeSpec(spec, other.hardware, matrix)))
      const refused = questionsOfSpec(spec, hardware, matrix).questions.filter(
        question => own.judge(question).verdict === 'incompatible',
      )
      const instead = refused.flatMap((question, i) =>
        own.nearest(question, { ...from, others: i === 0 ? others : [] }),
      )
      return { ...report, nearest: instead.slice(0, MOST_NEAREST) }
    },
    nearest: (question, { partition, others }) =>
      nearest(question, matrix, { otherPartitions: others }).map(suggestion => ({
        ...suggestion,
        changes: suggestion.changes.map(change =>
          change.field === 'partition' ? { ...change, from: partition } : change,
        ),
      })),
    newest: request => newest(request, matrix),
    document: { text, sha256: createHash('sha256').update(text).digest('hex') },
  }
  return own
}

const runs = ({ verdict }: CompatibilityReport): boolean =>
  verdict === 'compatible' || verdict === 'compatible-with-warning'

/** Of an environment with several packages that do not run. */
const MOST_NEAREST = 10

function parsed(text: string, file: string): ReturnType<typeof parseMatrix> {
  try {
    return parseMatrix(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new OrchestratorError('CONFIG_INVALID', `${file} is not a compatibility matrix: ${why}`, { cause })
  }
}
