// A list of unsigned 32-bit numbers that grows: 4 bytes each, where an array of JavaScript's takes 8 and more.

export interface Numbers {
  readonly length: number
  push(value: number): void
  /** What was pushed so far, until the next push. */
  view(): Uint32Array
}

export function createNumbers(room = 4096): Numbers {
  let values = new Uint32Array(room)
  let length = 0
  return {
    get length() {
      return length
    },
    push: value => {
      if (length === values.length) {
        const larger = new Uint32Array(length * 2)
        larger.set(values)
        values = larger
      }
      values[length++] = value
    },
    view: () => values.subarray(0, length),
  }
}
