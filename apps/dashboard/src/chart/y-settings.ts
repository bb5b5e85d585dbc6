// How the y axis of each family of metrics is drawn: a loss on a log axis says nothing about how an accuracy is best seen. In the address
// as `y=loss.l,mae.mz`, and remembered by the browser for the next job with such a metric.

export interface YSettings {
  log: boolean
  /** 'all': everything that is finite; 'middle': 1–99 %. */
  fit: 'all' | 'middle'
  includeZero: boolean
}

/** Letters: l, m, z. Others mean nothing. */
export const readLetters = (letters: string): YSettings => ({
  log: letters.includes('l'),
  fit: letters.includes('m') ? 'middle' : 'all',
  includeZero: letters.includes('z'),
})

export const lettersOf = ({ log, fit, includeZero }: YSettings): string =>
  `${log ? 'l' : ''}${fit === 'middle' ? 'm' : ''}${includeZero ? 'z' : ''}`

/** What a link says of a family stands before what is remembered. @param remembered letters; null: nothing is */
export function ySettings(family: string, words: readonly string[], remembered: string | null): YSettings {
  const said = words.find(word => word.startsWith(`${family}.`))
  return readLetters(said === undefined ? (remembered ?? '') : said.slice(family.length + 1))
}

/** The address's words with a family's settings in place of what they said of it. */
export const withY = (words: readonly string[], family: string, settings: YSettings): string[] => [
  ...words.filter(word => !word.startsWith(`${family}.`)),
  `${family}.${lettersOf(settings)}`,
]

/** What a link has to say so that others see the same: all that is remembered here and not said yet. */
export function sayRemembered(
  words: readonly string[],
  families: readonly string[],
  remembered: (family: string) => string | null,
): string[] {
  const unsaid = families.filter(family => !words.some(word => word.startsWith(`${family}.`)))
  return [...words, ...unsaid.flatMap(family => (remembered(family) ? [`${family}.${remembered(family)}`] : []))]
}
