// What is measured of the trainer: one module, so that it can be bundled as the worker is (trainer-bundle.ts).
export { createSimdNet } from '../../packages/trainer/src/engine/simd/net.ts'
export { fit } from '../../packages/trainer/src/index.ts'
export { finalActivation } from '../../packages/trainer/src/model/final-activation.ts'
export { drawPoints, drawStart } from '../../packages/trainer/src/presets/line-data.ts'
export { createManualForm } from '../../packages/trainer/src/presets/line-manual.ts'
export { compile } from '../../packages/trainer/src/training/compile.ts'
export { createHead } from '../../packages/trainer/src/training/head.ts'
