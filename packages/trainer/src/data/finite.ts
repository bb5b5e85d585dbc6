// What no engine can train on: a number that is none, or none in float32, which every net of ours computes in.

/** null: it can be trained on; otherwise the end of a sentence that begins with the number. */
export function float32Fault(value: number): string | null {
  if (Number.isNaN(value)) return 'is not a number'
  if (!Number.isFinite(value)) return 'is not finite'
  return Number.isFinite(Math.fround(value)) ? null : 'is larger than float32 can be'
}
