// @ts-check
// Other maps under the vehicles: chosen, remembered, and given up when their server does not answer.

/** @typedef {import("./datum.js").Datum} Datum */
/**
 * @typedef {object} Offer of the server (dashboard/styles.py)
 * @property {string} name @property {string} label @property {"style" | "raster" | "pmtiles"} kind
 * @property {string} [style] address of a style.json @property {string} [dark] the same for dark pages
 * @property {string[]} [tiles] addresses with {z}, {x}, {y} @property {string} [pmtiles] address of a file
 * @property {number} [tile_size] pixels @property {number} [maxzoom] @property {string} [attribution]
 * @property {Datum} [datum] @property {string[]} hosts who is asked @property {boolean} on
 */

export const BUILT_IN = "built-in";
const REMEMBERED = "map-style";
const MOST_ZOOM = 19; // of tiles that do not say
const PATIENCE_MS = 12_000;
const MOST_ERRORS = 4; // of its tiles one after the other

/** For this person, in this browser. @param {string} name */
export function remember(name) {
  localStorage.setItem(REMEMBERED, name);
}

/** The style's own JSON, its addresses made absolute. @param {string} address */
async function fetched(address) {
  const response = await fetch(address, {
    signal: AbortSignal.timeout(PATIENCE_MS),
    referrerPolicy: "origin",
  });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  const style = await response.json();
  if (style.version !== 8 || !Array.isArray(style.layers)) throw new Error(`${address}: not a map style`);
  const absolute = (/** @type {string} */ url) =>
    new URL(url, address).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
  for (const source of Object.values(style.sources ?? {})) {
    if (source.url && !source.url.includes("://")) source.url = absolute(source.url);
    if (source.tiles) source.tiles = source.tiles.map(absolute);
  }
  for (const part of ["glyphs", "sprite"])
    if (typeof style[part] === "string") style[part] = absolute(style[part]);
  return style;
}

/** @param {Offer} offer @returns {any} MapLibre's source; a PMTiles file says itself how far it goes */
export function rasterSource({ tiles, pmtiles, tile_size: tileSize = 256, maxzoom, attribution = "" }) {
  const source = { type: "raster", tileSize, attribution };
  if (!pmtiles) return { ...source, tiles, maxzoom: maxzoom ?? MOST_ZOOM };
  return { ...source, url: `pmtiles://${pmtiles}`, ...(maxzoom && { maxzoom }) };
}

/**
 * The style of an offer, over or instead of the built-in one.
 * @param {Offer} offer @param {any} base the built-in style @param {boolean} dark
 */
export async function composed(offer, base, dark) {
  if (offer.kind === "style") {
    const style = await fetched((dark && offer.dark) || offer.style || "");
    const overlays = base.layers.filter((/** @type {any} */ { id }) => id in base.over);
    return { ...style, sources: { ...style.sources, ...base.over }, layers: [...style.layers, ...overlays] };
  }
  // The built-in map stays below: where a tile is missing, there is no hole. Its names would be double.
  const under = base.layers.filter(
    (/** @type {any} */ { type, id }) => type !== "symbol" && !(id in base.over),
  );
  const over = base.layers.filter((/** @type {any} */ { id }) => id in base.over);
  return {
    version: 8,
    sources: { ...base.sources, [offer.name]: rasterSource(offer) },
    layers: [...under, { id: offer.name, type: "raster", source: offer.name }, ...over],
  };
}

export class Styles {
  /** What is under the vehicles now; null is the built-in map. @type {Offer | null} */
  shown = null;
  #errors = 0;
  #attempt = 0;
  #map;
  #offers;
  #parts;

  /**
   * @param {any} map @param {Offer[]} offers
   * @param {object} parts
   * @param {() => any} parts.base the built-in style, with `over`: the sources that every style gets
   * @param {() => boolean} parts.dark
   * @param {(offer: Offer | null) => void} parts.onShown the style is another one: add to it
   * @param {(offer: Offer) => void} parts.onFailed the built-in one is back
   */
  constructor(map, offers, parts) {
    this.#map = map;
    this.#offers = offers.filter(({ on }) => on);
    this.#parts = parts;
    map.on("error", (/** @type {any} */ event) => this.#error(event));
    map.on("data", (/** @type {any} */ event) => {
      if (event.dataType === "source" && event.tile && this.#own(event.sourceId)) this.#errors = 0;
    });
  }

  get name() {
    return this.shown?.name ?? BUILT_IN;
  }

  /** What this person chose last. */
  restore() {
    const name = localStorage.getItem(REMEMBERED);
    if (name && name !== BUILT_IN && this.#offers.some((offer) => offer.name === name)) this.choose(name);
  }

  /** @param {string} name */
  async choose(name) {
    remember(name);
    await this.#show(this.#offers.find((offer) => offer.name === name) ?? null);
  }

  /** The page's colours changed: the same map in the others. @returns whether the style is a new one */
  recoloured() {
    if (!this.shown) return false;
    this.#show(this.shown);
    return true;
  }

  /** @param {Offer | null} offer */
  async #show(offer) {
    const attempt = ++this.#attempt;
    this.#errors = 0;
    const base = this.#parts.base();
    let style = { version: 8, sources: base.sources, layers: base.layers };
    try {
      if (offer) style = await composed(offer, base, this.#parts.dark());
    } catch (error) {
      console.warn("map style:", error);
      if (attempt === this.#attempt && offer) this.#fail(offer);
      return;
    }
    if (attempt !== this.#attempt) return;
    this.shown = offer;
    const loaded = this.#map.once("style.load").then(() => true);
    this.#map.setStyle(style, { diff: false });
    const good = await Promise.race([loaded, new Promise((give) => setTimeout(give, PATIENCE_MS))]);
    if (attempt !== this.#attempt) return;
    if (good) this.#parts.onShown(offer);
    else if (offer) this.#fail(offer); // not a style that can be drawn
  }

  /** @param {string} source */
  #own(source) {
    return this.shown !== null && !(source in this.#parts.base().sources);
  }

  /** @param {any} event of MapLibre: a tile, a source or a sprite that did not come */
  #error(event) {
    console.warn("map:", event.error?.message ?? event);
    const offer = this.shown;
    if (!offer || (event.sourceId && !this.#own(event.sourceId))) return;
    const whole = event.sourceId && !event.tile;
    this.#errors += whole ? MOST_ERRORS : 1;
    if (this.#errors >= MOST_ERRORS) this.#fail(offer);
  }

  /** @param {Offer} offer */
  #fail(offer) {
    if (this.shown) this.#show(null);
    this.#parts.onFailed(offer);
  }
}
