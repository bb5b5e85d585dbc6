// Where changes come from: the server's one stream, and short questions for what it has no room for or where it cannot be had.
import { createAskingSource } from './asking-source.ts'
import { createStreamSource } from './stream-source.ts'
import type { Ears, Source } from './topics.ts'

/** Of one connection, by the server. */
const MOST_TOPICS = 32

export function createSource(ears: Ears): Source {
  let wanted: readonly string[] = []
  let room = MOST_TOPICS
  const asking = createAskingSource(ears)
  const stream = createStreamSource(ears, () => {
    room = 0
    asking.want(wanted)
  })
  return {
    want(topics) {
      wanted = topics
      if (room > 0) stream.want(topics.slice(0, room))
      asking.want(topics.slice(room))
    },
    close() {
      stream.close()
      asking.close()
    },
  }
}
