// Which of two versions is the lesser: numbers between dots, as drivers, CUDA, glibc and kernels are numbered.

const numbersIn = (version: string): number[] => (version.match(/\d+/g) ?? []).map(Number)

/** Below 0: `a` is the lesser. What is missing counts as 0: 455.32 and 455.32.00 are the same. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersIn(a), numbersIn(b)]
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
