// @ts-check
// The colours of speeds on a track, and of vehicles when there are several. Pure.

import { page, t } from "./i18n.js";
import { COLOUR_NAMES } from "./palette.js";

const MPH = 0.447_04;
const KMH = 1 / 3.6;
const STEPS = { metric: [5, 30, 50, 80, 110], imperial: [3, 20, 30, 50, 70] };

/** From standing to fast; also told apart by those who confuse red and green: they rise in warmth and step in lightness. */
const COLOURS = {
  light: ["#6b7785", "#2455c3", "#0a8f9c", "#4d9a2a", "#d98200", "#c2185b"],
  dark: ["#8797a8", "#5b8def", "#2cc5d2", "#8fd14f", "#ffb020", "#ff5c8a"],
};

const imperial = () => page["units"] === "imperial";

/** Speeds at which the colour changes, metres/second. */
export const bounds = () =>
  STEPS[imperial() ? "imperial" : "metric"].map((step) => step * (imperial() ? MPH : KMH));

/** @param {"light" | "dark"} scheme */
export const speedColours = (scheme) => COLOURS[scheme];

/** "under 5", "5 – 30", …, "over 110 km/h". */
export function speedWords() {
  const steps = STEPS[imperial() ? "imperial" : "metric"];
  const unit = imperial() ? "mph" : "km/h";
  return [
    t("under {n}", { n: steps[0] }),
    ...steps.slice(1).map((step, index) => `${steps[index]} – ${step}`),
    t("over {n} {unit}", { n: steps[steps.length - 1], unit }),
  ];
}

/** A vehicle's colour by its place on the page. @param {number} index @param {{ tints: Record<string, string> }} palette */
export const vehicleColour = (index, palette) => palette.tints[COLOUR_NAMES[index % COLOUR_NAMES.length]];
