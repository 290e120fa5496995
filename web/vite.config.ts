import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const api = `http://127.0.0.1:${process.env.REALSPIKE_PORT ?? "8700"}`;

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/api": api } },
  preview: { proxy: { "/api": api } },
  build: {
    target: "es2022",
    // ECharts is a chunk of its own, loaded only when a chart is on screen.
    chunkSizeWarningLimit: 700,
  },
  test: { include: ["test/**/*.test.{ts,tsx}"], environment: "node" },
});
