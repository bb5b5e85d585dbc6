// What a job wrote may carry terminal commands (titles, clipboard, cursor). On a terminal only colours and the
// characters that move along a line pass; a pipe gets every byte, see output.ts.

const ESC = '\u001b'
const SEQUENCE = new RegExp(
  [
    `${ESC}\\[[0-?]*[ -/]*[@-~]`, // CSI: colours, cursor, erase
    `${ESC}[\\]PX^_][^\\u0007${ESC}]*(?:\\u0007|${ESC}\\\\)?`, // OSC, DCS, SOS, PM, APC up to their end
    `${ESC}[ -/]*[0-~]?`, // every other escape
    '[\\u0000-\\u0007\\u000b\\u000c\\u000e-\\u001a\\u001c-\\u001f\\u007f-\\u009f]',
  ].join('|'),
  'g',
)
const COLOUR = new RegExp(`^${ESC}\\[[0-9;:]*m$`)
const OPEN = new RegExp(`${ESC}(?:\\[[0-?]*[ -/]*|[\\]PX^_][^\\u0007${ESC}]*)?$`)
const MAX_OPEN_CHARACTERS = 4096

/** Text without anything but colours, tab, line ends, carriage return and backspace. */
export const safeText = (text: string): string => text.replace(SEQUENCE, found => (COLOUR.test(found) ? found : ''))

/** The same for a stream: a sequence cut by a chunk border waits for its rest. */
export function createSafeText(): (chunk: string) => string {
  let waiting = ''
  return chunk => {
    const text = waiting + chunk
    const open = OPEN.exec(text)
    const cut = open !== null && text.length - open.index <= MAX_OPEN_CHARACTERS ? open.index : text.length
    waiting = text.slice(cut)
    return safeText(text.slice(0, cut))
  }
}
