/** A short message about what was just done, with a way back where there is one. */
export interface Toast {
  id: number
  text: string
  kind: 'done' | 'failed'
  undo?: () => void | Promise<void>
}

const SECONDS = 12
let next = 1

/** What the corner of the page shows now. */
export const toasts = $state<Toast[]>([])

/** Says what was done. With `undo` it stays longer and offers to take it back. Failures stay until they are closed. */
export function say(text: string, options: { kind?: Toast['kind']; undo?: Toast['undo'] } = {}): void {
  const toast: Toast = { id: next++, text, kind: options.kind ?? 'done', undo: options.undo }
  toasts.push(toast)
  if (toast.kind === 'done') setTimeout(() => dismiss(toast.id), SECONDS * 1000)
}

export function dismiss(id: number): void {
  const at = toasts.findIndex((one) => one.id === id)
  if (at >= 0) toasts.splice(at, 1)
}
