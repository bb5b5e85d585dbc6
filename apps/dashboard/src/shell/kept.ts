// Small choices that the browser remembers for the person. A browser that keeps nothing forgets them with the page.
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(`trotline.${name}`)
  } catch {
    return null
  }
}

export function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`trotline.${name}`)
    else localStorage.setItem(`trotline.${name}`, value)
  } catch {
    // nothing is kept
  }
}
