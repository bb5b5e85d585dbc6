// A file that a training leaves besides its report: made here as bytes, written by whoever runs the trainer.

export interface NewArtifact {
  /** A file name: contracts' Artifact.path. */
  name: string
  bytes: Uint8Array
}

export const jsonArtifact = (name: string, content: unknown): NewArtifact => ({
  name,
  bytes: Buffer.from(`${JSON.stringify(content)}\n`),
})
