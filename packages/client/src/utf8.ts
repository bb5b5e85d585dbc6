// Where bytes may be cut so that no character falls into two halves, and which of them are UTF-8 at all, without exceptions: a decoder that throws takes 10 µs each time, and a binary log is all faults.

/** How many bytes the character at `at` takes; 0: no valid one begins there; -1: it may, but the bytes end too early. RFC 3629. */
export function characterLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] ?? 0
  if (first < 0x80) return 1
  const length = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : 0
  const size = length !== 0 ? length : first >= 0xf0 && first <= 0xf4 ? 4 : 0
  if (size === 0) return 0
  for (let i = 1; i < size; i++) {
    if (at + i >= end) return -1
    const byte = bytes[at + i] ?? 0
    // The second byte also keeps out overlong forms, surrogates and what lies past U+10FFFF.
    const least = i > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
    const most = i > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
    if (byte < least || byte > most) return 0
  }
  return size
}

/** How many of the last bytes, at most 3, begin a character that goes on in the next chunk. */
export function openBytes(bytes: Uint8Array, from = 0, end = bytes.length): number {
  for (let at = end - 1; at >= from && at >= end - 3; at--) {
    const byte = bytes[at] ?? 0
    if (byte >= 0xc0) return characterLength(bytes, at, end) === -1 ? end - at : 0
    if (byte < 0x80) return 0
  }
  return 0
}

/** Tells what is text and what is not, in order. An unfinished character at the end is not. */
export function eachRun(
  bytes: Uint8Array,
  from: number,
  end: number,
  text: (from: number, end: number) => void,
  invalid: (byte: number) => void,
): void {
  let began = from
  let at = from
  while (at < end) {
    const length = characterLength(bytes, at, end)
    if (length > 0) {
      at += length
      continue
    }
    if (at > began) text(began, at)
    invalid(bytes[at] ?? 0)
    at += 1
    began = at
  }
  if (at > began) text(began, at)
}
