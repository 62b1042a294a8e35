/** What was not counted or did not arrive in the window: always seen where the figures are. */
export function Notes({ notes }: { notes: readonly string[] }) {
  if (notes.length === 0) return null
  return (
    <ul class="notes" aria-label="What the figures leave out">
      {notes.map(note => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  )
}
