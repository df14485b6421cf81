import './styles/fonts.css'
import './styles/kern.scss'
import './styles/base.css'
import { mount } from 'svelte'
import App from './App.svelte'

// After an update of the platform an open page asks for parts that are gone: it loads anew, once.
window.addEventListener('vite:preloadError', (event) => {
  const last = Number(sessionStorage.getItem('zahnrad.reloaded') ?? 0)
  if (Date.now() - last < 60_000) return
  sessionStorage.setItem('zahnrad.reloaded', String(Date.now()))
  event.preventDefault()
  location.reload()
})

const target = document.getElementById('app')
if (!target) throw new Error('index.html has no #app')
mount(App, { target })
