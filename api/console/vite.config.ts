import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

/** One entry, one chunk per page; nothing is loaded from another host. `npm run dev` talks to a running service. */
export default defineConfig(({ mode }) => ({
  plugins: [react()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: { "/api": { target: loadEnv(mode, ".", "FETTLE_").FETTLE_API ?? "http://127.0.0.1:8080", ws: true } },
  },
}));
