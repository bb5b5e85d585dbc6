// Collects what a command prints, up to a cap over both streams, and decodes it once at the end:
// decoding chunk by chunk would split multi-byte characters. Lines of stdout can be had as they come.
import { StringDecoder } from 'node:string_decoder'

export class OutputCollector {
  readonly #maxBytes: number
  readonly #onOverflow: () => void
  readonly #stdout: Uint8Array[] = []
  readonly #stderr: Uint8Array[] = []
  #bytes = 0
  readonly #onLine: ((line: string) => void) | undefined
  readonly #decoder = new StringDecoder('utf8')
  #begun = ''
  overflowed = false

  constructor(maxBytes: number, onOverflow: () => void, onLine?: (line: string) => void) {
    this.#maxBytes = maxBytes
    this.#onOverflow = onOverflow
    this.#onLine = onLine
  }

  stdout(chunk: Uint8Array): void {
    this.#add(this.#stdout, chunk)
    if (this.#onLine === undefined || this.overflowed) return
    const [first = '', ...more] = this.#decoder.write(chunk).split('\n')
    const lines = [this.#begun + first, ...more]
    this.#begun = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line)
  }

  stderr(chunk: Uint8Array): void {
    this.#add(this.#stderr, chunk)
  }

  text(): { stdout: string; stderr: string } {
    return {
      stdout: Buffer.concat(this.#stdout).toString('utf8'),
      stderr: Buffer.concat(this.#stderr).toString('utf8'),
    }
  }

  #add(to: Uint8Array[], chunk: Uint8Array): void {
    if (this.overflowed) return
    this.#bytes += chunk.byteLength
    if (this.#bytes > this.#maxBytes) {
      this.overflowed = true
      this.#onOverflow()
    } else to.push(chunk)
  }
}
