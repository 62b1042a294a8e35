import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useTheme } from '../theme/theme.js'

export interface Drawing {
  readonly context: CanvasRenderingContext2D
  /** In CSS pixels. */
  readonly width: number
  readonly height: number
}

/** A canvas that fills its element sharply, and is drawn again when size, theme or `inputs` change. */
export function useCanvas(
  draw: (drawing: Drawing) => void,
  inputs: readonly unknown[],
): RefObject<HTMLCanvasElement | null> {
  const ref = useRef<HTMLCanvasElement>(null)
  const size = useSize(ref)
  const theme = useTheme()
  useEffect(() => {
    const canvas = ref.current
    const context = canvas?.getContext('2d')
    if (!canvas || !context || size.width === 0) return
    const dots = Math.min(3, devicePixelRatio || 1)
    canvas.width = Math.round(size.width * dots)
    canvas.height = Math.round(size.height * dots)
    context.setTransform(dots, 0, 0, dots, 0, 0)
    draw({ context, ...size })
  }, [size.width, size.height, theme, ...inputs])
  return ref
}

/** The size of an element in CSS pixels, followed. */
export function useSize(ref: RefObject<Element | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 })
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return
      const { width, height } = entry.contentRect
      setSize(before =>
        before.width === width && before.height === height ? before : { width, height },
      )
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref])
  return size
}
