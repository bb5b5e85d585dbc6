// Reads one escape sequence byte by byte, over chunk borders. What is not understood is still read to its end, so that none of it shows;
// what never ends is given up, so that no later text is lost.

/** `ESC [ params final`: a control sequence. null: another one, which is not for us. */
export type Sequence = { params: string; final: string } | null

export interface EscapeReader {
  readonly reading: boolean
  /** The byte was ESC. */
  begin(): void
  /** undefined: it goes on. `again`: it was given up before this byte, which is to be read as if it had never begun. */
  take(byte: number): Sequence | 'again' | undefined
  reset(): void
}

/** The longest of use is about 40: two true colours, bold and underline. */
const MOST_PARAMETERS = 128
/** Titles and links (OSC) are short; a stray ESC ] must not swallow a log. */
const MOST_STRING = 4096

const ESC = 0x1b
type State = 'none' | 'escape' | 'intermediate' | 'control' | 'string' | 'string-escape'

export function createEscapeReader(): EscapeReader {
  let state: State = 'none'
  let params = ''
  let foreign = false
  let length = 0

  const end = <T>(answer: T): T => {
    state = 'none'
    return answer
  }
  const afterEscape = (byte: number): Sequence | 'again' | undefined => {
    if (byte === 0x5b) {
      state = 'control'
      params = ''
      foreign = false
    } else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) {
      state = 'string'
      length = 0
    } else if (byte >= 0x20 && byte <= 0x2f) state = 'intermediate'
    else return byte >= 0x30 && byte <= 0x7e ? end(null) : end('again')
    return undefined
  }
  const inControl = (byte: number): Sequence | 'again' | undefined => {
    if (byte >= 0x40 && byte <= 0x7e) return end(foreign ? null : { params, final: String.fromCharCode(byte) })
    if (byte < 0x20 || byte > 0x3f) return end('again')
    // Private markers (< = > ?) and intermediates make another sequence of the same letter: ESC[>4m is no colour.
    if (byte < 0x30 || byte > 0x3b || params.length >= MOST_PARAMETERS) foreign = true
    else params += String.fromCharCode(byte)
    return undefined
  }
  const inString = (byte: number): Sequence | 'again' | undefined => {
    length += 1
    if (byte === 0x07) return end(null)
    if (byte === 0x0a || length > MOST_STRING) return end('again')
    if (byte === ESC) state = 'string-escape'
    return undefined
  }
  return {
    get reading() {
      return state !== 'none'
    },
    begin: () => {
      state = 'escape'
    },
    take: byte => {
      switch (state) {
        case 'escape':
          return afterEscape(byte)
        case 'intermediate':
          if (byte >= 0x20 && byte <= 0x2f) return undefined
          return byte >= 0x30 && byte <= 0x7e ? end(null) : end('again')
        case 'control':
          return inControl(byte)
        case 'string':
          return inString(byte)
        case 'string-escape':
          // ESC \ ends it; any other ESC begins the next sequence.
          return byte === 0x5c ? end(null) : afterEscape(byte)
        case 'none':
          return 'again'
      }
    },
    reset: () => {
      state = 'none'
    },
  }
}
