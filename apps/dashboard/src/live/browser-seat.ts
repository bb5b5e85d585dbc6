// One connection per browser. A browser opens six connections to a host over HTTP/1.1, and a seventh tab would never load: so one tab,
// the one that holds a lock, follows for all of them and tells the others. The lock passes on when its tab goes.
import type { Ears, Source, Told } from './topics.ts'

type Word =
  | { word: 'want'; tab: string; topics: readonly string[] }
  /** A new holder asks what the others want. */
  | { word: 'who' }
  | { word: 'told'; told: Told }
  | { word: 'alive' }
  | { word: 'lost'; why: string }

/**
 * @param name the same for all tabs of one person on one server
 * @param open called when this tab is to follow for all
 */
export function takeSeat(name: string, ears: Ears, open: (ears: Ears) => Source): Source {
  const { locks } = navigator
  // Where there are no locks (a page that is not on https or loopback) each tab follows for itself.
  if (locks === undefined || typeof BroadcastChannel === 'undefined') return open(ears)

  const channel = new BroadcastChannel(name)
  const say = (word: Word): void => channel.postMessage(word)
  const tab = crypto.randomUUID()
  const leaving = new AbortController()
  const others = new Map<string, readonly string[]>()
  let own: readonly string[] = []
  /** This tab's own lock is held: only then can another tell that it has gone. */
  let seated = false
  let source: Source | null = null

  const sayOwn = (): void => {
    if (seated) say({ word: 'want', tab, topics: own })
  }
  const wantAll = (): void => source?.want([...new Set([...own, ...[...others.values()].flat()])].sort())

  channel.onmessage = ({ data }: MessageEvent<Word>) => {
    if (data.word === 'told') {
      if (own.includes(data.told.topic)) ears.tell(data.told)
    } else if (data.word === 'alive') ears.alive()
    else if (data.word === 'lost') ears.lost(data.why)
    else if (data.word === 'who') sayOwn()
    else if (source !== null) {
      if (!others.has(data.tab)) whenGone(data.tab)
      others.set(data.tab, data.topics)
      wantAll()
    }
  }

  // Held as long as the tab lives: whoever is given it knows that the tab is gone, without asking it.
  hold(`${name}.${tab}`, () => {
    seated = true
    if (source === null) sayOwn()
  })
  hold(name, () => {
    source = open({
      tell(told) {
        if (own.includes(told.topic)) ears.tell(told)
        say({ word: 'told', told })
      },
      alive() {
        ears.alive()
        say({ word: 'alive' })
      },
      lost(why) {
        ears.lost(why)
        say({ word: 'lost', why })
      },
    })
    wantAll()
    say({ word: 'who' })
  })

  function hold(lock: string, granted: () => void): void {
    const held = locks.request(lock, { signal: leaving.signal }, () => {
      granted()
      return new Promise<void>(done => leaving.signal.addEventListener('abort', () => done(), { once: true }))
    })
    held.catch(() => {})
  }

  function whenGone(other: string): void {
    const gone = locks.request(`${name}.${other}`, { signal: leaving.signal }, () => {
      others.delete(other)
      wantAll()
    })
    gone.catch(() => {})
  }

  return {
    want(topics) {
      own = topics
      if (source === null) sayOwn()
      else wantAll()
    },
    close() {
      if (source === null) say({ word: 'want', tab, topics: [] })
      source?.close()
      leaving.abort()
      channel.close()
    },
  }
}
