/** Looks: one accent, four severities, text that is readable on both grounds. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const lagoon: MantineColorsTuple = [
  "#e3f7f8",
  "#cdecee",
  "#9fd9dd",
  "#6dc5cb",
  "#43b3bb",
  "#27a7b0",
  "#0f98a2",
  "#0b7d86",
  "#096a72",
  "#05535a",
];

/** Mantine's greys of the dark scheme, on our bluish ground. */
const slate: MantineColorsTuple = [
  "#dbe4ea",
  "#c3ced6",
  "#a3b0ba",
  "#8494a0",
  "#4a5862",
  "#34414a",
  "#1b242b",
  "#141b21",
  "#0f151a",
  "#0c1115",
];

export const theme = createTheme({
  primaryColor: "lagoon",
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  luminanceThreshold: 0.36,
  colors: { lagoon, dark: slate },
  defaultRadius: "md",
  fontFamily:
    'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  headings: { fontWeight: "650" },
  components: {
    Tooltip: { defaultProps: { openDelay: 250, withArrow: true } },
    Badge: { defaultProps: { radius: "sm" } },
  },
});

/** Mantine's dimmed text and its borders fall short of AA on our grounds; these don't. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#ffffff",
    "--mantine-color-dimmed": "#566069",
    "--mantine-color-placeholder": "#6a737b",
    "--mantine-color-anchor": "#096a72",
    "--ground": "#f4f6f7",
    "--card": "#ffffff",
    "--line": "#dfe4e7",
    "--ink": "#17212a",
    "--accent": "#0b7d86",
    "--accent-soft": "#e0f2f3",
    "--band": "#0b7d8626",
    "--trace": "#243542",
    "--span": "#24354233",
    "--grid": "#e6eaec",
    "--bad": "#b42318",
    "--bad-soft": "#fdecea",
    "--warn": "#8a5300",
    "--warn-soft": "#fff3dc",
    "--good": "#1f6f3a",
    "--good-soft": "#e4f4e8",
    "--calm": "#4a5a68",
    "--calm-soft": "#e9eef1",
  },
  dark: {
    "--mantine-color-body": "#12181d",
    "--mantine-color-dimmed": "#a3b0ba",
    "--mantine-color-placeholder": "#93a1ac",
    "--mantine-color-anchor": "#5fc9d1",
    "--ground": "#0c1115",
    "--card": "#141b21",
    "--line": "#2a353d",
    "--ink": "#e8eef2",
    "--accent": "#4fbcc5",
    "--accent-soft": "#12343a",
    "--band": "#4fbcc52e",
    "--trace": "#d7e1e8",
    "--span": "#d7e1e840",
    "--grid": "#222c33",
    "--bad": "#ff9a8f",
    "--bad-soft": "#3f1a18",
    "--warn": "#f2bd5c",
    "--warn-soft": "#382a10",
    "--good": "#7fd39a",
    "--good-soft": "#15301f",
    "--calm": "#b4c2cc",
    "--calm-soft": "#222d35",
  },
});
