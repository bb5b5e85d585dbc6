// Where changes come from: the server's one stream, and short questions for what it has no room for, or while it cannot be had.
import { createAskingSource } from './asking-source.ts'
import { createStreamSource } from './stream-source.ts'
import type { Ears, Source } from './topics.ts'

/** Of one connection, by the server. */
const MOST_TOPICS = 32

export function createSource(ears: Ears): Source {
  let wanted: readonly string[] = []
  let room = MOST_TOPICS
  let away = false
  const asking = createAskingSource(ears)
  const askForRest = (): void => asking.want(away ? wanted : wanted.slice(room))
  const stream = createStreamSource(ears, {
    absent() {
      room = 0
      askForRest()
    },
    away() {
      away = true
      askForRest()
    },
    back() {
      away = false
      askForRest()
    },
  })
  return {
    want(topics) {
      wanted = topics
      if (room > 0) stream.want(topics.slice(0, room))
      askForRest()
    },
    close() {
      stream.close()
      asking.close()
    },
  }
}
