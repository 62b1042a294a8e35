export function StatusChip({ code, failed }: { code: number | null; failed: boolean }) {
  if (code === null && !failed) return <span class="chip">no status</span>
  const bad = failed || (code !== null && code >= 500)
  const kind = bad ? 'bad' : code !== null && code >= 400 ? 'waits' : 'good'
  return <span class={`chip ${kind}`}>{code ?? 'error'}</span>
}
