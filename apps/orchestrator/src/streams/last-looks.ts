// When a log is told to its end. Whoever wrote it has ended, and its last bytes may not be seen yet (NFS attribute caches): so it is looked
// at a few times more.

const LAST_LOOKS = 2

export interface LastLooks {
  /** Once nothing came of a look, a character that is not finished will not be: its bytes are told as they are. */
  readonly begun: boolean
  /** @returns whether that was the last one */
  nothing(): boolean
  /** Something came: they are counted anew. */
  anew(): void
}

export function createLastLooks(most = LAST_LOOKS): LastLooks {
  let looks = 0
  return {
    get begun() {
      return looks > 0
    },
    nothing() {
      looks += 1
      return looks > most
    },
    anew() {
      looks = 0
    },
  }
}
