// What the three forms of exercise 1 have in common: a line that descends, one step over all points at a time.
import type { Line, Points } from './line-data.ts'

export interface LineForm {
  /** Of now. Setting it goes on from there. */
  line: Line
  /** One epoch: all points are one batch. Answers the loss of the line before the step, as the page's loop has it. */
  step(): number
}

export type CreateLineForm = (points: Points, start: Line, learningRate: number) => LineForm
