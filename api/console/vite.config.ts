import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin } from "vite";

const WORTH_IT = 1000;

/** Puts beside each file of words its brotli and gzip forms, which the service hands out as they are. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle: ({ dir = "dist" }) => {
      for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|html|json|svg|webmanifest)$/.test(name)) continue;
        const words = readFileSync(join(dir, name));
        if (words.length < WORTH_IT) continue;
        const params = { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT };
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(words, { params }));
        writeFileSync(join(dir, `${name}.gz`), gzipSync(words, { level: 9 }));
      }
    },
  };
}

/** What the first page does without: other pages, dialogs, and the components that only these use. */
const LATER = new RegExp(
  [
    "/src/pages/(?!Queue|NotFound)",
    "/src/(board|people|visits|stock|money|session|appliance|operations|settings|alerting|insights|help)/",
    "/src/api/(board|care|crew|stock|money|visits|operations|settings|live|alerts|insights)",
    "/src/i18n/more",
    "/src/app/(Palette|KeysHelp|Listing|Paged|Choice|SearchField|Toasts)",
    "/src/queue/(BulkBar|bulk)",
    "/src/.*Dialog",
    "/src/ticket/Clocks",
    "/src/(words/Values|words/days|ticket/closing|chart/column)",
    "/icons/Icon(HandStop|Language|Ticket|BellCheck|Download|Checks|Bolt)\\.",
    "@mantine/spotlight",
    "@mantine/notifications/esm/(?!index|notifications\\.store)",
    "/node_modules/(react-remove-scroll|react-style-singleton|use-sidecar|use-callback-ref|get-nonce|react-transition-group)",
    "@mantine/hooks/esm/use-(debounced-callback|long-press|focus-trap|focus-return|hotkeys|click-outside|window-event|previous)/",
    "@mantine/core/esm/utils/(InlineInput|InputsGroupFieldset|Floating/use-context-menu)",
    "/components/(Modal|ModalBase|NativeSelect|ScrollArea|Popover|FocusTrap|Radio|Table|Select|Combobox|PasswordInput|Input|InputBase|Textarea|TextInput|Pill|PillsInput|Alert|Overlay|Mark|Highlight|Paper|VisuallyHidden|Checkbox|Notification)/",
  ].join("|"),
);

/** One chunk for the first page, one for all others: a page is few requests; nothing is loaded from another host. `npm run dev` talks to a running service. */
export default defineConfig(({ mode }) => ({
  plugins: [react(), compressed()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "first", test: (id) => !LATER.test(id) },
            { name: "later", test: LATER },
          ],
        },
      },
    },
  },
  server: {
    proxy: { "/api": { target: loadEnv(mode, ".", "FETTLE_").FETTLE_API ?? "http://127.0.0.1:8080", ws: true } },
  },
}));
