// Runs before the first paint (a file of its own, since the content security policy allows no inline script):
// without it a page in the chosen theme would flash in the other one, and be read out in the wrong language.
;(() => {
  const root = document.documentElement
  let theme = null
  let lang = new URLSearchParams(location.search).get('lang')
  try {
    theme = localStorage.getItem('zahnrad.theme')
    lang = lang || localStorage.getItem('zahnrad.lang')
  } catch {
    // storage switched off: the system's theme and German
  }
  if (theme === 'light' || theme === 'dark') root.dataset.kernTheme = theme
  root.lang = lang === 'en' ? 'en' : 'de'
})()
