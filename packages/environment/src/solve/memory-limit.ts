// A WebAssembly module with a most of memory: rattler's declares none, so that a hostile channel could have it grow to 4 GiB, which no
// limit of a thread counts. The most is written into the module before it is compiled; what asks for more gets none and ends.

/** Of WebAssembly, in bytes. */
export const PAGE_BYTES = 65_536
/** 4 GiB: addresses have 32 bits. */
export const MOST_PAGES = 65_536
const HEADER_BYTES = 8
const MEMORY_SECTION = 5

/**
 * The module with `pages` as the most of its one memory; a smaller one of its own stays.
 *
 * @throws TypeError where it has no memory of its own, or several
 */
export function withMostPages(module: Uint8Array, pages: number): Uint8Array<ArrayBuffer> {
  for (let at = HEADER_BYTES; at < module.length; ) {
    const size = readNumber(module, at + 1)
    const end = size.next + size.value
    if (module[at] === MEMORY_SECTION) {
      const count = readNumber(module, size.next)
      const flags = module[count.next]
      if (count.value !== 1 || flags === undefined || flags > 1) break
      const least = readNumber(module, count.next + 1)
      const own = flags === 1 ? readNumber(module, least.next).value : pages
      const limits = [1, 1, ...numberBytes(least.value), ...numberBytes(Math.max(least.value, Math.min(own, pages)))]
      const section = [MEMORY_SECTION, ...numberBytes(limits.length), ...limits]
      return joined(module.subarray(0, at), Uint8Array.from(section), module.subarray(end))
    }
    at = end
  }
  throw new TypeError('the module has no single memory of its own')
}

/** LEB128 without a sign, as the format writes whole numbers. */
function readNumber(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = bytes[start + i] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value, next: start + i + 1 }
  }
  throw new TypeError('the module has a number of more than 32 bits')
}

function numberBytes(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) | 0x80)
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
