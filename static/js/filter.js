// @ts-check
// What the live page shows, as its address says: a view can be bookmarked and shared. Pure.

import { iso, moment } from "./history-address.js";
import { STATES } from "./states.js";

/** @typedef {import("./states.js").State} State */
/** @typedef {"name" | "state" | "age" | "speed"} Sort */
/**
 * @typedef {object} Filter empty sets filter nothing
 * @property {string} query words that name, plate, driver, tag or uid must contain
 * @property {Set<State>} states
 * @property {Set<string>} fleets slugs
 * @property {Sort} sort
 */

export const SORTS = /** @type {const} */ (["name", "state", "age", "speed"]);

/** @returns {Filter} */
export const everything = () => ({ query: "", states: new Set(), fleets: new Set(), sort: "name" });

/** @param {string} search of the address @returns {{ filter: Filter, selected: number, at: number | null }} the vehicle's id, -1 for none; a time of the past, milliseconds */
export function read(search) {
  const address = new URLSearchParams(search);
  const names = (/** @type {string} */ key) => (address.get(key) ?? "").split(",").filter(Boolean);
  const sort = SORTS.find((name) => name === address.get("sort")) ?? "name";
  const states = STATES.filter((state) => names("s").includes(state));
  const id = Number(address.get("v") ?? -1);
  const at = moment(address.get("at"));
  return {
    filter: { query: address.get("q") ?? "", states: new Set(states), fleets: new Set(names("fleet")), sort },
    selected: Number.isInteger(id) && id > 0 ? id : -1,
    at: Number.isNaN(at) ? null : at,
  };
}

/** @param {Filter} filter @param {number} selected @param {number | null} [at] @returns {string} "?fleet=north&s=moving,alarm&q=van&v=310", or "" */
export function write(filter, selected, at = null) {
  const query = new URLSearchParams();
  if (filter.fleets.size) query.set("fleet", [...filter.fleets].join(","));
  if (filter.states.size) query.set("s", [...filter.states].join(","));
  if (filter.query) query.set("q", filter.query);
  if (filter.sort !== "name") query.set("sort", filter.sort);
  if (selected >= 0) query.set("v", String(selected));
  if (at !== null) query.set("at", iso(Math.round(at / 1000) * 1000));
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}
