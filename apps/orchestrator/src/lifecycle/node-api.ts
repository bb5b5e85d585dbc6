// Which version of Node-API a Node.js has: what was built for it runs on that version and every newer one.

/** nodejs.org/api/n-api.html, "Node-API version matrix": the first release of each line that has it, newest version first. */
const NODE_API: readonly (readonly [napi: number, since: readonly (readonly [major: number, minor: number])[]])[] = [
  [
    10,
    [
      [22, 14],
      [23, 6],
    ],
  ],
  [
    9,
    [
      [18, 17],
      [20, 3],
      [21, 0],
    ],
  ],
  [
    8,
    [
      [12, 22],
      [14, 17],
      [15, 12],
      [16, 0],
    ],
  ],
]

/** null: it is no version of Node.js, or an older one than any that is told of. */
export function napiOf(node: string): number | null {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(node)?.map(Number) ?? []
  if (major === undefined || minor === undefined) return null
  const has = (since: readonly (readonly [number, number])[]): boolean =>
    since.some(([m, n]) => major === m && minor >= n) || since.every(([m]) => major > m)
  return NODE_API.find(([, since]) => has(since))?.[0] ?? null
}
