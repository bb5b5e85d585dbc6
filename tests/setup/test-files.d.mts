export const KINDS: string[]
export const SOURCES: string[]
export function testFiles(root: string, kinds?: readonly string[]): string[]
