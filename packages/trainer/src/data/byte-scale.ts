// Keras's Rescaling layer for what is kept as bytes: there are 256 results, computed once.

/** @returns value · scale + offset in float64, rounded to float32, for each byte */
export const byteScale = ({ scale, offset }: { scale: number; offset: number }): Float32Array =>
  Float32Array.from({ length: 256 }, (_, byte) => byte * scale + offset)
