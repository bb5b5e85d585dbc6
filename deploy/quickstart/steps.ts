// The quickstart's words on the terminal: one line a step, with how long it took.

export type Progress = (line: string) => void

const WIDTH = 58

export const say: Progress = line => {
  process.stdout.write(`${line}\n`)
}

/** Runs one step; what it answers in words stands in its line. */
export async function step<T>(act: (progress: Progress) => Promise<{ done: string; value: T }>): Promise<T> {
  const began = performance.now()
  const { done, value } = await act(line => say(`    ${line}`))
  say(`  ${done.padEnd(WIDTH)} ${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s`)
  return value
}
