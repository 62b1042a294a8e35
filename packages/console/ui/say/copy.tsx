import { useEffect, useState } from 'preact/hooks'

/** Puts a text on the clipboard; false where the browser forbids it (a page that came without TLS). */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

/** The clipboard of `navigator` exists on loopback and over TLS only. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'unseen'
  document.body.append(area)
  area.select()
  const copied = document.execCommand('copy')
  area.remove()
  return copied
}

/** A button that copies, and says that it did. */
export function Copy({
  text,
  label = 'Copy',
  main = false,
}: {
  text: string
  label?: string
  main?: boolean
}) {
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (said === '') return
    const timer = setTimeout(() => setSaid(''), 1_500)
    return () => clearTimeout(timer)
  }, [said])
  const copy = async (): Promise<void> =>
    setSaid((await copyText(text)) ? 'Copied' : 'Select it and copy')
  return (
    <button class={`button ${main ? 'main' : 'quiet'}`} onClick={copy}>
      <span aria-live="polite">{said === '' ? label : said}</span>
    </button>
  )
}
