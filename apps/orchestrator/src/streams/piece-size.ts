// How much of a log is told in one event of a connection. A reader keeps only whole events: where its connection breaks again and again
// before the first of them came through, it would never get on. So the first are small, and none is more than all before it together: of
// what a connection carries at least half is kept. A slow start costs a connection that holds five events.

/** What a connection carries that carries anything: with a proxy's buffer in between, too. */
export const LEAST_PIECE_BYTES = 16_384

export interface PieceSize {
  /** Of the next piece, at most. From the beginning of a block on, the first pieces end where the block does: 16, 16, 32, 64, 128 KiB. */
  readonly bytes: number
  told(bytes: number): void
}

export function createPieceSize(most: number, least = LEAST_PIECE_BYTES): PieceSize {
  let told = 0
  return {
    get bytes() {
      return Math.min(most, Math.max(least, told))
    },
    told(bytes) {
      told += bytes
    },
  }
}
