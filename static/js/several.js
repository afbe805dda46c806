// @ts-check
// Several chosen vehicles: how many, and what can be done with all of them.

import { coordinates } from "./format.js";
import { n } from "./i18n.js";
import { WORDS } from "./states.js";
import { copy } from "./toast.js";

/** @param {HTMLElement} bar @param {number} many none hides it */
export function showSeveral(bar, many) {
  bar.hidden = many === 0;
  const said = n("{n} vehicle chosen", "{n} vehicles chosen", many);
  if (bar.firstElementChild && bar.firstElementChild.textContent !== said)
    bar.firstElementChild.textContent = said;
}

/** "57.70887, 11.97456". @param {import("./store.js").Store} store @param {number} slot */
export function position(store, slot) {
  return Number.isFinite(store.lat[slot]) ? coordinates(store.lat[slot], store.lon[slot]) : "";
}

/** Copy one line a vehicle, as a spreadsheet takes them. @param {import("./store.js").Store} store @param {number[]} slots @param {number} now */
export function copySeveral(store, slots, now) {
  const lines = slots.map((slot) => {
    const { name = "", plate = "", driver = "" } = store.vehicle(slot) ?? {};
    return [name, plate, driver, WORDS[store.state(slot, now)], position(store, slot)].join("\t");
  });
  return copy(lines.join("\n"), n("{n} vehicle copied", "{n} vehicles copied", slots.length));
}
