// Where bytes may be cut so that each part is whole characters of UTF-8.

/** How many bytes at the end begin a character of UTF-8 that is not finished: 0 to 3. Invalid bytes are never waited for. */
export function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0b1100_0000) === 0b1000_0000) continue
    const needs =
      byte >= 0xf0 && byte <= 0xf4 ? 4 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xc2 && byte < 0xe0 ? 2 : 1
    return needs > back ? back : 0
  }
  return 0
}
