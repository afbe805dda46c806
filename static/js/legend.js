// @ts-check
// What the colours of the tracks mean.

import { made } from "./history-cards.js";
import { speedColours, speedWords } from "./speed-scale.js";

/**
 * @param {HTMLElement} element
 * @param {{ by: "speed" | "vehicle", scheme: "light" | "dark", vehicles: { name: string, colour: string }[] }} how
 */
export function showLegend(element, { by, scheme, vehicles }) {
  element.hidden = vehicles.length === 0;
  const choice = /** @type {HTMLElement} */ (element.querySelector(".legend-choice"));
  choice.hidden = vehicles.length < 2;
  for (const button of choice.querySelectorAll("button"))
    button.setAttribute("aria-pressed", String(button.dataset["colours"] === by));
  const words = speedWords();
  const lines =
    by === "speed" ? speedColours(scheme).map((colour, index) => ({ colour, name: words[index] })) : vehicles;
  element.querySelector("ol")?.replaceChildren(
    ...lines.map(({ colour, name }) => {
      const dot = made("span", "swatch");
      dot.style.background = colour;
      return made("li", "", dot, name);
    }),
  );
}
