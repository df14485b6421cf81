/** Ways through a page by keyboard alone. */
import type { Page } from 'playwright-core'

const focusedText = `(document.activeElement?.textContent?.trim() ?? '')`

/** Tab until the focus is where `expression` wants it: as long as a person would bear it. */
export async function tabTo(page: Page, expression: string, limit = 60): Promise<void> {
  for (let i = 0; i < limit; i++) {
    if (await page.evaluate(expression)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`not reached by ${limit} × Tab: ${expression}; the focus is on ${await page.evaluate(focusedText)}`)
}

export const fieldOf = (label: string): string =>
  `((document.activeElement?.labels?.[0]?.textContent ?? '').trim() || document.activeElement?.getAttribute('aria-label') || '').startsWith(${JSON.stringify(label)})`

export const buttonOf = (text: string): string =>
  `['BUTTON', 'A'].includes(document.activeElement?.tagName) && ${focusedText} === ${JSON.stringify(text)}`

export const startsWith = (text: string): string =>
  `['BUTTON', 'A'].includes(document.activeElement?.tagName) && ${focusedText}.startsWith(${JSON.stringify(text)})`
