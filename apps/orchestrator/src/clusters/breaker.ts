// Leaves a part of a cluster alone while it is unwell. A state machine and nothing else: the clock is handed in, probes are
// made by whoever holds it (resting.ts).
//
//   closed     in use.       `faults` faults in a row within the window     -> open
//   open       rests until nextProbeAtMs; calls are not to be made          -> half-open when it is probed
//   half-open  one probe is under way; calls are not to be made             -> closed by its answer, else open, for half as long again
//
// In a row: any answer forgets the faults before it. A call that was under way when the last fault struck tells nothing new:
// one lost connection fails all calls on it and is one fault. Rests grow until a call, not only a probe, was answered; a rest is
// about half as long as the trouble has lasted, so a short outage is noticed to be over within seconds.
export interface BreakerLimits {
  faults: number
  windowMs: number
  restMs: number
  longestRestMs: number
}

export interface Fault {
  code: string
  detail: string
  atMs: number
}

export interface BreakerView {
  state: 'closed' | 'open' | 'half-open'
  sinceMs: number
  faults: number
  lastFault: Fault | null
  /** null while closed. */
  nextProbeAtMs: number | null
}

export interface BreakerMachine {
  readonly view: BreakerView
  failed(fault: Fault, startedAtMs: number): void
  answered(atMs: number): void
  probing(atMs: number): void
  probed(fault: Fault | null, atMs: number): void
}

const GROWTH = 1.5
/** Shorter by up to a quarter, so that what broke together is not probed together. */
const JITTER = 0.25

export function createBreaker(limits: BreakerLimits, startedAtMs: number, random = Math.random): BreakerMachine {
  let state: BreakerView['state'] = 'closed'
  let sinceMs = startedAtMs
  let faultsAtMs: number[] = []
  let lastFault: Fault | null = null
  let nextProbeAtMs: number | null = null
  let rests = 0

  function enter(next: BreakerView['state'], atMs: number): void {
    state = next
    sinceMs = atMs
  }

  function open(atMs: number): void {
    const restMs = Math.min(limits.restMs * GROWTH ** rests, limits.longestRestMs)
    rests += 1
    nextProbeAtMs = atMs + restMs * (1 - JITTER * random())
    enter('open', atMs)
  }

  return {
    get view() {
      return { state, sinceMs, faults: faultsAtMs.length, lastFault, nextProbeAtMs }
    },
    failed(fault, callStartedAtMs) {
      if (state !== 'closed') return
      if (lastFault !== null && faultsAtMs.length > 0 && callStartedAtMs <= lastFault.atMs) return
      lastFault = fault
      faultsAtMs = [...faultsAtMs.filter(atMs => atMs > fault.atMs - limits.windowMs), fault.atMs]
      if (faultsAtMs.length >= limits.faults) open(fault.atMs)
    },
    answered() {
      if (state !== 'closed') return
      faultsAtMs = []
      lastFault = null
      rests = 0
    },
    probing(atMs) {
      if (state === 'open') enter('half-open', atMs)
    },
    probed(fault, atMs) {
      if (state !== 'half-open') return
      if (fault !== null) {
        lastFault = fault
        open(atMs)
        return
      }
      faultsAtMs = []
      lastFault = null
      nextProbeAtMs = null
      enter('closed', atMs)
    },
  }
}
