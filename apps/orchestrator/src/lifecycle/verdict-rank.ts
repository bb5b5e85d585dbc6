// Of several verdicts about one request the worst is its verdict: what is known to fail, then what nobody can tell.
import type { Verdict } from '@trotline/contracts'

const WORST: readonly Verdict[] = ['incompatible', 'unknown', 'compatible-with-warning', 'compatible']

/** 0 is the worst. */
export const rankOf = (verdict: Verdict): number => WORST.indexOf(verdict)

export const runs = (verdict: Verdict): boolean => verdict === 'compatible' || verdict === 'compatible-with-warning'
