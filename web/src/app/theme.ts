// The Mantine theme: sizes and accent; colours that mean something are in styles.css.
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = [
  "#e6f7f5",
  "#cdeeea",
  "#9cdcd5",
  "#66c9bf",
  "#3bb8ac",
  "#1fa699",
  "#0d8f83",
  "#0b766d",
  "#0a5f58",
  "#074842",
];

/** Mantine's dark greys, moved to the blue-grey of styles.css. */
const dark: MantineColorsTuple = [
  "#e4e9f0",
  "#c3cbd7",
  "#9aa6b8",
  "#748296",
  "#414c5c",
  "#29313d",
  "#1e252f",
  "#171c24",
  "#11161d",
  "#0f1319",
];

export const theme = createTheme({
  colors: { teal, dark },
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  defaultRadius: "sm",
  fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  respectReducedMotion: true,
});
