import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where the API is while somebody works on the dashboard. */
const API = process.env['API'] ?? 'http://127.0.0.1:8080';

/**
 * Bundles the dashboard into dist/dashboard, where the API serves it. Everything comes from our own origin: no font, no
 * script, no picture of another.
 */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    // Small pictures would become data: URLs; the server's policy allows files only.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { '/api': API } },
});
