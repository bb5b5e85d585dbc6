// The whole of an answer's body, up to a limit: whoever speaks in the server's place may never come to an end.

/** null: there is more; the connection is closed then. */
export async function wholeText(response: Response, mostBytes: number): Promise<string | null> {
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  let text = ''
  let bytes = 0
  for (;;) {
    const piece = await reader?.read()
    if (piece === undefined || piece.done) return text + decoder.decode()
    bytes += piece.value.length
    if (bytes > mostBytes) {
      await reader?.cancel().catch(() => {})
      return null
    }
    text += decoder.decode(piece.value, { stream: true })
  }
}
