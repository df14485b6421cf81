import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { chunkOf, compressed, withoutUnusedTokens } from './build.ts'

const platform = process.env.PLATFORM_URL ?? 'http://localhost:8080'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [svelte(), withoutUnusedTokens(), compressed()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // An inlined asset would be a data: address; fonts and workers are to come from our own origin by name.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Which files a page is made of: the server names them in its HTML (`src/edges/web/document.ts`).
    manifest: true,
    chunkSizeWarningLimit: 1300,
    rolldownOptions: {
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [{ name: (id, graph) => chunkOf(id, (other) => graph.getModuleInfo(other)) }],
        },
      },
    },
  },
  css: { preprocessorOptions: { scss: { quietDeps: true } } },
  server: {
    port: 5173,
    fs: { allow: ['..'] },
    // Whole segments only: pages begin with the same letters (/stationen, /daten).
    proxy: { '^/(api|sta|d|login)(/|\\?|$)': platform },
  },
})
