// The y axes of a job's charts: in the address, and remembered for the next job that has such metrics.
import { useEffect } from 'preact/hooks'
import { lettersOf, sayRemembered, withY, type YSettings, ySettings } from '../chart/y-settings.ts'
import { keep, kept } from '../shell/kept.ts'

const remembered = (family: string): string | null => kept(`y.${family}`)

/** @param words the address's */
export function useYChoices(
  words: readonly string[],
  families: readonly string[],
  onWords: (words: readonly string[]) => void,
): { of(family: string): YSettings; set(family: string, settings: YSettings): void } {
  const said = sayRemembered(words, families, remembered)
  // A link has to show others what is seen here.
  useEffect(() => {
    if (said.length > words.length) onWords(said)
  }, [said.join()])
  return {
    of: family => ySettings(family, words, remembered(family)),
    set(family, settings) {
      keep(`y.${family}`, lettersOf(settings) || null)
      onWords(withY(words, family, settings))
    },
  }
}
