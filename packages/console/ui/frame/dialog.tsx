import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** A modal dialog that is open as long as it is shown; Escape and a click beside it close it. */
export function Dialog({
  name,
  kind,
  close,
  children,
}: {
  name: string
  kind: string
  close: () => void
  children: ComponentChildren
}) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => ref.current?.showModal(), [])
  useEffect(holdPage, [])
  return (
    <dialog
      ref={ref}
      class={`dialog ${kind}`}
      aria-label={name}
      onCancel={event => {
        event.preventDefault()
        close()
      }}
      onClick={event => event.target === ref.current && close()}
    >
      {children}
    </dialog>
  )
}

/** What lies behind holds still, and where the scroll bar was stays room, so that nothing shifts. */
function holdPage(): () => void {
  const { style, clientWidth } = document.documentElement
  style.paddingRight = `${innerWidth - clientWidth}px`
  style.overflow = 'hidden'
  return () => {
    style.paddingRight = ''
    style.overflow = ''
  }
}
