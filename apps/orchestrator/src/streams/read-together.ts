// One look for all who want it now: a change wakes every follower of a job at once, and each of them reads the record.

/** Whoever asks before the look begins has its answer too; none is older than the question. The same answer is the same object. */
export function readTogether<T>(read: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const asked = new Map<string, Promise<T>>()
  return id => {
    const known = asked.get(id)
    if (known !== undefined) return known
    const reading = new Promise(resolve => setImmediate(resolve)).then(() => {
      asked.delete(id)
      return read(id)
    })
    asked.set(id, reading)
    return reading
  }
}
