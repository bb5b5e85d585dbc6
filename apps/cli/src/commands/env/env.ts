// trotline env: environments, from a spec or a lock to a folder on a cluster. Each verb declares itself in a file beside this one.
import type { Command } from 'commander'
import type { Act } from '../../act.ts'
import { withExamples } from '../../help.ts'
import { declareBuild } from './build.ts'
import { declareCollect } from './collect.ts'
import { declareCreate } from './create.ts'
import { declareDiff } from './diff.ts'
import { declareHistory } from './history.ts'
import { declareEnvList } from './list.ts'
import { declareLock } from './lock.ts'
import { declareLog } from './log.ts'
import { declareCancelBuild, declareRemove } from './remove.ts'
import { declareEnvShow } from './show.ts'
import { declareVerify } from './verify.ts'

export function declareEnv(program: Command, act: Act): void {
  const env = program
    .command('env')
    .description('environments: solved once, pinned by content, made and verified on clusters')
  withExamples(env, [
    ['trotline env create environment.yml --partition gpu --name ml', 'solve it for that partition; it is ml@1 then'],
    ['trotline env build ml@1 --follow', 'have it made before a job needs it'],
    ['trotline env lock ml@1 --format conda-lock > conda-lock.yml', 'take it elsewhere'],
    ['trotline env diff ml@1 ml@2', 'what changed, and what that means for CUDA'],
  ])
  declareCreate(env, act)
  declareEnvList(env, act)
  declareEnvShow(env, act)
  declareLock(env, act)
  declareDiff(env, act)
  declareHistory(env, act)
  declareBuild(env, act)
  declareLog(env, act)
  declareVerify(env, act)
  declareCancelBuild(env, act)
  declareRemove(env, act)
  declareCollect(env, act)
}
