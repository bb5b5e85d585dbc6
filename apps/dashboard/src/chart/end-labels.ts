// Names at the ends of lines: where more lines are on a chart than there are colours, a name beside its line says which is which.

export interface EndLabel {
  text: string
  /** Where its line ends, and where the label stands: in pixels from the top. */
  end: number
  top: number
}

/** Labels keep their order and their distance, and stay as near to their ends as that allows. @param height of the chart */
export function endLabels(ends: readonly { text: string; end: number }[], height: number, least: number): EndLabel[] {
  const labels = [...ends].sort((a, b) => a.end - b.end).map(({ text, end }) => ({ text, end, top: end }))
  const low = least / 2
  const high = Math.max(low, height - least / 2)
  let before = low - least
  for (const label of labels) {
    label.top = Math.max(label.end, before + least, low)
    before = label.top
  }
  // What went over the lower edge pushes back.
  let after = high + least
  for (const label of labels.toReversed()) {
    label.top = Math.min(label.top, after - least)
    after = label.top
  }
  return labels
}

/** Names, and a part of the id where two jobs have the same one. */
export function shortNames(jobs: readonly { id: string; name: string }[]): Map<string, string> {
  const times = new Map<string, number>()
  for (const { name } of jobs) times.set(name, (times.get(name) ?? 0) + 1)
  return new Map(jobs.map(({ id, name }) => [id, (times.get(name) ?? 0) > 1 ? `${name} ${id.slice(0, 4)}` : name]))
}
