import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

const platform = process.env.PLATFORM_URL ?? 'http://localhost:8080'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [svelte()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // An inlined asset would be a data: address; fonts and workers are to come from our own origin by name.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1300,
  },
  css: { preprocessorOptions: { scss: { quietDeps: true } } },
  server: {
    port: 5173,
    fs: { allow: ['..'] },
    // Whole segments only: pages begin with the same letters (/stationen, /daten).
    proxy: { '^/(api|sta|d|login)(/|\\?|$)': platform },
  },
})
