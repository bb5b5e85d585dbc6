// A build as a question names it: judged again, the same build is found.
import type { Software } from '@trotline/contracts'
import { showDotted } from '../versions/dotted.ts'
import type { Build } from './build.ts'

/** Of ranges the newest release; a wheel by its tag, a conda build by its build string, where it has one. */
export function softwareOf(build: Build): Software {
  return {
    framework: build.framework,
    frameworkVersion: releaseOf(build),
    channel: build.channel,
    ...(build.framework === 'tensorflow'
      ? { package: build.package === 'tensorflow' && needsGpuName(build) ? 'tensorflow-gpu' : build.package }
      : {}),
    ...(build.tag === null ? {} : { wheelTag: build.tag }),
    cuda: build.cuda,
    ...(build.cudnn === null ? {} : { cudnn: build.cudnn }),
  }
}

/** 2.5 stays 2.5 and means its newest patch; of a range of JAX the first version, which its changelog names. */
const releaseOf = (build: Build): string => (build.framework === 'jax' ? showDotted(build.from) : build.version)

/** Of conda's defaults below 2.0, where plain tensorflow is the CPU build. */
const needsGpuName = (build: Build): boolean => build.channel === 'conda:defaults' && (build.to[0] ?? 0) < 2
