// What Slurm sends, and what the worker makes of it:
//   TERM (scancel, time limit, preemption; KILL follows after KillWait) and INT: stop the training and leave a result.
//   USR2 (`--signal=B:USR2@…`: the limit is near, up to 60 s early): make durable what there is, and train on.
//   CONT (comes with every TERM) does by default what is right here: nothing. USR1 belongs to Node.js's debugger.

/**
 * For a time limit slurmd sends TERM in _rpc_timelimit and again in the _rpc_terminate_job that it calls at the end
 * (src/slurmd/slurmd/req.c); they mostly arrive as one. Two in a row are one wish, not impatience.
 */
const SAME_WISH_MS = 1000

export interface StopSignals {
  /** Aborted by the first TERM or INT; the reason is the signal's name. */
  signal: AbortSignal
  /** What to do at USR2; done at once where one came before: a training that is still being loaded is warned all the same. */
  onWarning(listener: () => void): void
}

export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT' | 'SIGUSR2', listener: (name: NodeJS.Signals) => void): unknown
}

/** @param leave called at a second TERM or INT: whoever asks twice does not want to wait */
export function listenForSignals(
  source: SignalSource,
  leave: (name: NodeJS.Signals) => void,
  now: () => number = () => performance.now(),
): StopSignals {
  const stop = new AbortController()
  const warned: (() => void)[] = []
  let firstAt = 0
  let wasWarned = false
  const onStop = (name: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      firstAt = now()
      stop.abort(name)
    } else if (now() - firstAt >= SAME_WISH_MS) leave(name)
  }
  source.on('SIGTERM', onStop)
  source.on('SIGINT', onStop)
  source.on('SIGUSR2', () => {
    wasWarned = true
    for (const listener of warned) listener()
  })
  return {
    signal: stop.signal,
    onWarning(listener) {
      warned.push(listener)
      if (wasWarned) listener()
    },
  }
}
