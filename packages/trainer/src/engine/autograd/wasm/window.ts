// For the kernels that are loops: every place of a window at every stop that lies inside the image.
import type * as tf from '@tensorflow/tfjs-core'

export type Window = Pick<
  tf.backend_util.Conv2DInfo,
  | 'batchSize'
  | 'inHeight'
  | 'inWidth'
  | 'inChannels'
  | 'outHeight'
  | 'outWidth'
  | 'filterHeight'
  | 'filterWidth'
  | 'strideHeight'
  | 'strideWidth'
  | 'padInfo'
>

/** Calls `visit` with three positions, each to be multiplied by its channels: of input, output, and window. In a fixed order. */
export function eachPlace(window: Window, visit: (input: number, output: number, place: number) => void): void {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth } = window
  const { strideHeight, strideWidth, padInfo } = window
  for (let image = 0; image < batchSize; image++)
    for (let row = 0; row < outHeight; row++)
      for (let column = 0; column < outWidth; column++)
        for (let p = 0; p < filterHeight; p++) {
          const y = row * strideHeight + p - padInfo.top
          if (y < 0 || y >= inHeight) continue
          for (let q = 0; q < filterWidth; q++) {
            const x = column * strideWidth + q - padInfo.left
            if (x < 0 || x >= inWidth) continue
            visit(
              (image * inHeight + y) * inWidth + x,
              (image * outHeight + row) * outWidth + column,
              p * filterWidth + q,
            )
          }
        }
}
