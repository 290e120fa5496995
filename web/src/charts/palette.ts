// Colours of charts in both schemes: distinct in hue and in lightness, also for the colour-blind.
export interface ChartTheme {
  text: string;
  dim: string;
  grid: string;
  surface: string;
  train: string;
  test: string;
  raw: string;
  layers: readonly string[];
}

const LIGHT: ChartTheme = {
  text: "#17202c",
  dim: "#566273",
  grid: "#e6eaee",
  surface: "#ffffff",
  train: "#1a63c4",
  test: "#c2570c",
  raw: "#b4bfcc",
  layers: ["#0b766d", "#8b5cc7", "#b07a00", "#1a63c4", "#b6233c", "#4f7d1c", "#64748b"],
};

const DARK: ChartTheme = {
  text: "#e4e9f0",
  dim: "#9aa6b8",
  grid: "#252d38",
  surface: "#171c24",
  train: "#74aefc",
  test: "#f59a57",
  raw: "#56647a",
  layers: ["#4ac7ba", "#bf9bf0", "#e2b35a", "#74aefc", "#ff8795", "#a3cf6b", "#9aa6b8"],
};

export function chartTheme(scheme: "light" | "dark"): ChartTheme {
  return scheme === "dark" ? DARK : LIGHT;
}
