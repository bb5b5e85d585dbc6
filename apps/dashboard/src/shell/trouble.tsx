// What could not be had, in words, where there is nothing older to show.

/** Not being able to ask, or a refusal, where there is nothing older to show. */
export const Trouble = ({ text, onRetry }: { text: string; onRetry?: () => void }) => (
  <div class="card warn" role="alert">
    <p>{text}</p>
    {onRetry && (
      <div class="row">
        <button type="button" onClick={onRetry}>
          Ask again
        </button>
      </div>
    )}
  </div>
)
