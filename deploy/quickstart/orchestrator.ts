// Keeps one orchestrator of the quickstart running in the background, of the current build and configuration.

import { type Daemon, ensureRunning, runningProcess, stopDaemonProcess } from '../local/daemon.ts'
import { cleanSettings } from '../local/programs.ts'
import { PLACES } from './places.ts'

function orchestratorDaemon(url = ''): Daemon {
  let said = 'nothing yet'
  return {
    name: 'orchestrator',
    needs: [],
    argv: [process.execPath, PLACES.orchestratorProgram, '--config', PLACES.config],
    mark: PLACES.orchestratorProgram,
    configFiles: [PLACES.config, PLACES.build],
    settings: cleanSettings(),
    recordFile: PLACES.orchestratorRecord,
    logFiles: [PLACES.orchestratorLog],
    readyWithinSeconds: 60,
    ready: async () => {
      const answer = await readiness(url)
      said = answer.said
      return answer.ready
    },
    explain: () => `\n  ${url}/readyz last said: ${said}`,
  }
}

async function readiness(url: string): Promise<{ ready: boolean; said: string }> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) })
    return { ready: response.status === 200, said: `${response.status} ${(await response.text()).slice(0, 2000)}` }
  } catch (error) {
    return { ready: false, said: String((error as Error).cause ?? error) }
  }
}

export const isOrchestratorRunning = (): boolean => runningProcess(orchestratorDaemon()) !== undefined

/** Answers false when it ran already. */
export const startOrchestrator = (url: string): Promise<boolean> => ensureRunning(orchestratorDaemon(url))

/** Answers false when none ran. It ends its connections and saves first. */
export const stopOrchestrator = (): Promise<boolean> => stopDaemonProcess(orchestratorDaemon(), 'SIGTERM')
