// What something costs, whoever else has the processors meanwhile: a bound on it holds on a loaded machine as on an idle one.

/** Processor time of this process in milliseconds. For what works all the time that it takes. */
export function processorMsOf(act: () => unknown): number {
  const since = startProcessorWatch()
  act()
  return since()
}

export function startProcessorWatch(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
}
