// Which rows are on the screen when every row may have its own height. Heights not yet seen are taken to be the usual one; sums over
// them are kept in a Fenwick tree, so that a row that turns out higher costs a few steps, not a walk over all.

export interface Window {
  first: number
  /** One past the last. */
  end: number
  /** Of the first row, in pixels from the top of all. */
  offset: number
}

export class VirtualRows {
  #usual: number
  #count = 0
  /** 0: not measured. */
  #measured: Float64Array = new Float64Array(0)
  #tree: Float64Array = new Float64Array(1)

  constructor(usualHeight: number) {
    if (!(usualHeight > 0)) throw new TypeError('a row has a height')
    this.#usual = usualHeight
  }

  get count(): number {
    return this.#count
  }
  /** Of all rows, in pixels. */
  get total(): number {
    return this.offsetOf(this.#count)
  }

  /** Rows at the end, more or fewer. */
  setCount(count: number): void {
    if (count === this.#count) return
    if (count < this.#count || count + 1 > this.#tree.length) this.#rebuild(this.#kept(0, count), count)
    else {
      for (let at = this.#count; at < count; at++) this.#measured[at] = 0
      const from = this.#count
      this.#count = count
      for (let node = from + 1; node <= count; node++) this.#setNode(node)
    }
  }

  /** Rows before the first one: more (earlier lines were loaded) or, where negative, fewer (the oldest were let go). */
  shift(rows: number): void {
    if (rows === 0) return
    const count = Math.max(0, this.#count + rows)
    this.#rebuild(this.#kept(rows, count), count)
  }

  /** Another usual height, as after a change of the font; whether lines wrap makes all measurements void. */
  reset(usualHeight: number): void {
    this.#usual = usualHeight
    this.#rebuild(new Float64Array(this.#measured.length), this.#count)
  }

  heightOf(row: number): number {
    const height = this.#measured[row] ?? 0
    return height > 0 ? height : this.#usual
  }

  /** What the browser made of it. Answers by how much it differs from what was taken. */
  measure(row: number, height: number): number {
    if (row < 0 || row >= this.#count || !(height > 0)) return 0
    const more = height - this.heightOf(row)
    this.#measured[row] = height
    if (more !== 0)
      for (let node = row + 1; node <= this.#count; node += node & -node)
        this.#tree[node] = (this.#tree[node] ?? 0) + more
    return more
  }

  /** The top of a row, in pixels; of `count`: the bottom of all. */
  offsetOf(row: number): number {
    let sum = 0
    for (let node = Math.min(Math.max(0, row), this.#count); node > 0; node -= node & -node)
      sum += this.#tree[node] ?? 0
    return sum
  }

  /** The row at so many pixels from the top. */
  rowAt(offset: number): number {
    let node = 0
    let left = Math.max(0, offset)
    let step = 1
    while (step * 2 <= this.#count) step *= 2
    for (; step > 0; step = Math.floor(step / 2)) {
      const sum = this.#tree[node + step] ?? Number.POSITIVE_INFINITY
      if (node + step > this.#count || sum > left) continue
      node += step
      left -= sum
    }
    return Math.min(node, Math.max(0, this.#count - 1))
  }

  /** @param spare rows beyond each edge, so that scrolling does not show white */
  window(scrollTop: number, viewHeight: number, spare: number): Window {
    if (this.#count === 0) return { first: 0, end: 0, offset: 0 }
    const first = Math.max(0, this.rowAt(scrollTop) - spare)
    const end = Math.min(this.#count, this.rowAt(scrollTop + viewHeight) + 1 + spare)
    return { first, end, offset: this.offsetOf(first) }
  }

  #kept(shift: number, count: number): Float64Array {
    const room = new Float64Array(Math.max(64, 2 ** Math.ceil(Math.log2(count + 1))))
    const from = Math.max(0, -shift)
    room.set(this.#measured.subarray(from, Math.min(this.#count, from + count)), Math.max(0, shift))
    return room
  }

  #rebuild(measured: Float64Array, count: number): void {
    this.#measured = measured
    this.#count = count
    this.#tree = new Float64Array(measured.length + 1)
    for (let node = 1; node <= count; node++) {
      this.#tree[node] = (this.#tree[node] ?? 0) + this.heightOf(node - 1)
      const parent = node + (node & -node)
      if (parent <= count) this.#tree[parent] = (this.#tree[parent] ?? 0) + (this.#tree[node] ?? 0)
    }
  }

  /** A node that is new: its children are all there. */
  #setNode(node: number): void {
    let sum = this.heightOf(node - 1)
    for (let child = node - 1, end = node - (node & -node); child > end; child -= child & -child)
      sum += this.#tree[child] ?? 0
    this.#tree[node] = sum
  }
}
