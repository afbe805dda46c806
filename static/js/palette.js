// @ts-check
// The map's two sets of colours. Those of the page are in base.css.

/** @typedef {"light" | "dark"} Scheme */

export const PALETTES = {
  light: {
    sea: "#cfdde6",
    land: "#f3f2ee",
    town: "#e9e7e1",
    green: "#dfe9d6",
    building: "#e0ddd5",
    coast: "#a9bcc8",
    border: "#b9b3a6",
    graticule: "#c1d2dd",
    text: "#565d66",
    city: "#6b737b",
    halo: "#ffffff",
    road: "#ffffff",
    casing: "#d3d1cb",
    big: "#fbe3b0",
    bigCasing: "#dcb567",
    street: "#7b7f86",
    label: "#16202b",
    outline: "#ffffff",
    trail: "#0b63ce",
    states: {
      alarm: "#d3202f",
      moving: "#128a45",
      idle: "#d07a00",
      stopped: "#5a6b7d",
      offline: "#8a929b",
      never: "#8a929b",
    },
    selected: "#0b63ce",
    tints: {
      blue: "#2f6fd6",
      teal: "#0b7d85",
      violet: "#7a4bc9",
      pink: "#c43a84",
      brown: "#8a5a2b",
      grey: "#56606b",
    },
  },
  dark: {
    sea: "#0d141c",
    land: "#18222d",
    town: "#1e2a36",
    green: "#1a2b29",
    building: "#243140",
    coast: "#2a3947",
    border: "#3b4b5c",
    graticule: "#1a2733",
    text: "#9aabba",
    city: "#8596a6",
    halo: "#0f1720",
    road: "#2b3947",
    casing: "#131c25",
    big: "#4a5b6e",
    bigCasing: "#131c25",
    street: "#8193a5",
    label: "#eef4fa",
    outline: "#0b1118",
    trail: "#5aa9ff",
    states: {
      alarm: "#ff4d57",
      moving: "#3ddc84",
      idle: "#ffb020",
      stopped: "#9db0c4",
      offline: "#7d8b99",
      never: "#7d8b99",
    },
    selected: "#5aa9ff",
    tints: {
      blue: "#7db4ff",
      teal: "#45c8cf",
      violet: "#b79bff",
      pink: "#ff8ac4",
      brown: "#d3a06c",
      grey: "#b4c0cc",
    },
  },
}; // prettier-ignore

/** @typedef {typeof PALETTES.light} Palette */

/** What a vehicle may be painted, in the order of the shader. */
export const COLOUR_NAMES = /** @type {const} */ (["blue", "teal", "violet", "pink", "brown", "grey"]);

/** @param {string} hex @returns {[number, number, number]} 0 to 1 */
export function rgb(hex) {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}
