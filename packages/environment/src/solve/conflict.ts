// The fewest lines of a spec that already cannot be had together (QuickXplain, Junker 2004): some k·log(n/k) questions for k of n lines.

/** Of several such sets one. null: there was no time to find it. @param refuses - of some of them: do they not go together? */
export async function conflictOf<T>(
  lines: readonly T[],
  refuses: (some: readonly T[]) => Promise<boolean>,
  mayGoOn: () => boolean,
): Promise<T[] | null> {
  let late = false
  const within = async (base: readonly T[], added: boolean, rest: readonly T[]): Promise<T[]> => {
    if (late || !mayGoOn()) {
      late = true
      return []
    }
    if (added && (await refuses(base))) return []
    if (rest.length <= 1) return [...rest]
    const half = rest.slice(0, rest.length >> 1)
    const other = rest.slice(rest.length >> 1)
    const second = await within([...base, ...half], half.length > 0, other)
    const first = await within([...base, ...second], second.length > 0, half)
    return [...first, ...second]
  }
  const found = await within([], false, lines)
  return late || found.length === 0 ? null : lines.filter(one => found.includes(one))
}
