// The process that holds the server, so that its heap, its sockets and its event loop are its own. Takes one question at a time over IPC.
import { type Figures, figuresOf, type Stall, watchLoop } from './figures.ts'
import { createWorld, type Prepared } from './world.ts'

/** Longer than this no single request may keep the event loop. */
export const LONGEST_BLOCK_MS = 100

export type Question = 'prepare' | 'stir' | 'figures' | 'stalls' | 'close'
export interface Answers {
  prepare: Prepared
  stir: null
  figures: Figures
  stalls: Stall[]
  close: null
}

if (process.send !== undefined) {
  const world = await createWorld()
  const loop = watchLoop(world, LONGEST_BLOCK_MS)
  // Once: closing it again would start its Redis again, to say goodbye to it.
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    closing ??= world.close()
    return closing
  }
  const answers: { [question in Question]: () => Promise<Answers[question]> } = {
    prepare: () => world.prepare(),
    stir: () => world.stir().then(() => null),
    figures: () => figuresOf(world),
    stalls: async () => loop.stalls(),
    close: async () => {
      loop.stop()
      await close()
      return null
    },
  }
  process.on('message', ({ n, question }: { n: number; question: Question }) => {
    answers[question]().then(
      answer => process.send?.({ n, answer }),
      error => process.send?.({ n, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  // Whoever started it has gone.
  process.once('disconnect', () => void close().finally(() => process.exit()))
  process.send({ port: world.port })
}
