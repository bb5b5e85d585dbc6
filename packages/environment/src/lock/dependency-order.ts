// The order of a lock's packages: what a package depends on stands before it, else the alphabet decides. Old installers link
// in the order of the file, and scripts that run after linking need what they were promised.

export interface Depending {
  name: string
  depends?: readonly string[] | undefined
}

/**
 * The same whatever the order they come in. python depends on pip and pip on python: python goes first, as conda has it
 * (conda/common/toposort.py). Other circles are entered where the alphabet comes to them.
 */
export function dependencyOrder<T extends Depending>(packages: readonly T[]): T[] {
  const byName = new Map(packages.map(one => [one.name, one]))
  const done = new Set<string>()
  const order: T[] = []
  for (const root of [...byName.keys()].sort()) {
    // By a list of its own, not by calling itself: a chain may be as long as the lock.
    const path: { one: T; wants: string[] }[] = []
    const enter = (name: string): void => {
      const one = byName.get(name)
      if (one === undefined || done.has(name)) return
      done.add(name)
      const wants = namesOf(one.depends ?? []).filter(wanted => name !== 'python' || wanted !== 'pip')
      path.push({ one, wants: wants.reverse() })
    }
    enter(root)
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.wants.pop()
      if (next === undefined) {
        order.push(top.one)
        path.pop()
      } else enter(next)
    }
  }
  return order
}

const namesOf = (depends: readonly string[]): string[] =>
  [
    ...new Set(
      depends.map(line => /^[A-Za-z0-9_.-]+/.exec(line.trim().replace(/^.*::/, ''))?.[0]?.toLowerCase() ?? ''),
    ),
  ].sort()
