// Where the quickstart keeps what it makes: everything below .local of the checkout.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

const local = (...names: string[]) => join(CHECKOUT, '.local', ...names)

export const PLACES = {
  folder: local(),
  cluster: local('cluster'),
  workDir: local('work'),
  build: local('build.json'),
  api: local('api.json'),
  config: local('trotline.yaml'),
  token: local('token'),
  shellSettings: local('env.sh'),
  orchestratorLog: local('orchestrator.log'),
  orchestratorRecord: local('orchestrator.json'),
  orchestratorProgram: join(CHECKOUT, 'apps/orchestrator/dist/main.js'),
  workerRelease: join(CHECKOUT, 'apps/worker/release'),
  page: join(CHECKOUT, 'apps/dashboard/dist/page/index.html'),
  commandLine: join(CHECKOUT, 'apps/cli/bin/trotline.js'),
  example: join(CHECKOUT, 'deploy/examples/auto-mpg.yaml'),
} as const
