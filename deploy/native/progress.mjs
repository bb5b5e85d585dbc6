// One line a step with how long it took; on a terminal the line counts while the step runs.

const WIDTH = 66
const TICK_MS = 500

export const say = line => void process.stdout.write(`${line}\n`)

/** Runs a step that is called by what is done, such as "compiling the binding"; its errors say during what they came. */
export async function step(name, act) {
  const began = performance.now()
  const line = () => `  ${name.padEnd(WIDTH)} ${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s`
  const redraw = () => process.stdout.write(`\r${line()}`)
  const ticking = process.stdout.isTTY ? setInterval(redraw, TICK_MS) : undefined
  try {
    const value = await act()
    process.stdout.write(`${process.stdout.isTTY ? '\r' : ''}${line()}\n`)
    return value
  } catch (error) {
    if (process.stdout.isTTY) process.stdout.write('\n')
    error.during ??= name
    throw error
  } finally {
    clearInterval(ticking)
  }
}
