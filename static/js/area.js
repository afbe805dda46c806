// @ts-check
// An area drawn on the map: a rectangle by dragging, a polygon by clicking its corners. It lives as long as
// the form that it is for, and cannot be edited, only drawn anew. Drawn as SVG over the map, which never turns.

/** @typedef {[number, number]} Point longitude, latitude */
/** @typedef {{ drawn: any, place: Point }} Corner where the map has it, and where that is (WGS 84) */
/** @typedef {"rectangle" | "polygon" | ""} Mode */

const CLOSE_PX = 12; // so near to the first corner, a click closes the polygon

/** The ring of two opposite corners. @param {Corner} a @param {Corner} b @param {(drawn: { lng: number, lat: number }) => Corner} at @returns {Corner[]} */
export function rectangle(a, b, at) {
  return [a, at({ lng: b.drawn.lng, lat: a.drawn.lat }), b, at({ lng: a.drawn.lng, lat: b.drawn.lat })];
}

/** A GeoJSON polygon; null for fewer than three corners. @param {Point[]} ring @returns {object | null} */
export function polygon(ring) {
  return ring.length < 3 ? null : { type: "Polygon", coordinates: [[...ring, ring[0]]] };
}

export class Area {
  #map;
  #svg;
  #place;
  #onChange;
  /** @type {Mode} */
  #mode = "";
  /** @type {Corner[]} */
  #corners = [];
  #closed = false;
  #dragging = false;
  /** @type {{ x: number, y: number } | null} where the mouse is, while a polygon is open */
  #pointer = null;

  /**
   * @param {any} map MapLibre's @param {SVGSVGElement} svg over it
   * @param {(point: { x: number, y: number }) => Point} place under a pixel
   * @param {(area: object | null, mode: Mode) => void} onChange
   */
  constructor(map, svg, place, onChange) {
    this.#map = map;
    this.#svg = svg;
    this.#place = place;
    this.#onChange = onChange;
    map.on("render", () => this.#draw());
    map.on("mousedown", (/** @type {any} */ event) => this.#press(event));
    map.on("touchstart", (/** @type {any} */ event) => event.points.length === 1 && this.#press(event));
    for (const name of ["mousemove", "touchmove"])
      map.on(name, (/** @type {any} */ event) => this.#move(event.point));
    for (const name of ["mouseup", "touchend"]) map.on(name, () => this.#release());
    map.on("click", (/** @type {any} */ event) => this.#click(event));
    map.on("dblclick", () => this.#mode === "polygon" && this.close());
  }

  get mode() {
    return this.#mode;
  }

  /** Begin a new one. @param {Mode} mode "": stop drawing */
  begin(mode) {
    this.#mode = mode;
    this.#set(mode ? [] : this.#corners, mode ? false : this.#closed);
    this.#map.getCanvas().style.cursor = mode ? "crosshair" : "";
    for (const handler of [this.#map.dragPan, this.#map.doubleClickZoom])
      mode ? handler.disable() : handler.enable();
  }

  /** What the map shows. */
  view() {
    const { clientWidth: w, clientHeight: h } = this.#map.getContainer();
    const ring = [
      [0, 0],
      [w, 0],
      [w, h],
      [0, h],
    ].map(([x, y]) => this.#corner({ x, y })); // prettier-ignore
    this.begin("");
    this.#set(ring, true);
  }

  /** A polygon has all its corners. */
  close() {
    if (this.#corners.length < 3) return;
    this.#set(this.#corners, true);
    this.begin("");
  }

  /** One corner less. */
  back() {
    if (this.#mode === "polygon") this.#set(this.#corners.slice(0, -1), false);
  }

  clear() {
    this.begin("");
    this.#set([], false);
  }

  /** @param {{ x: number, y: number }} point @returns {Corner} */
  #corner(point) {
    return { drawn: this.#map.unproject([point.x, point.y]), place: this.#place(point) };
  }

  /** @param {any} event */
  #press(event) {
    if (this.#mode !== "rectangle") return;
    event.preventDefault();
    this.#dragging = true;
    const from = this.#corner(event.point);
    this.#set([from, from, from, from], false);
  }

  /** @param {{ x: number, y: number }} point */
  #move(point) {
    if (this.#dragging) {
      const at = (/** @type {any} */ drawn) => this.#corner(this.#map.project(drawn));
      this.#set(rectangle(this.#corners[0], this.#corner(point), at), false);
    }
    this.#pointer = this.#mode === "polygon" ? point : null;
    if (this.#mode) this.#draw();
  }

  #release() {
    if (!this.#dragging) return;
    this.#dragging = false;
    const [a, , b] = this.#corners.map(({ drawn }) => this.#map.project(drawn));
    // A click is no rectangle: go on drawing.
    if (Math.abs(a.x - b.x) < 4 || Math.abs(a.y - b.y) < 4) return this.#set([], false);
    this.#set(this.#corners, true);
    this.begin("");
  }

  /** @param {any} event */
  #click(event) {
    if (this.#mode !== "polygon") return;
    const first = this.#corners[0] && this.#map.project(this.#corners[0].drawn);
    const near = first && Math.hypot(first.x - event.point.x, first.y - event.point.y) < CLOSE_PX;
    if (near && this.#corners.length > 2) return this.close();
    const last = this.#corners.at(-1) && this.#map.project(this.#corners.at(-1)?.drawn);
    // The second click of a double one.
    if (last && Math.hypot(last.x - event.point.x, last.y - event.point.y) < 3) return;
    this.#set([...this.#corners, this.#corner(event.point)], false);
  }

  /** @param {Corner[]} corners @param {boolean} closed */
  #set(corners, closed) {
    this.#corners = corners;
    this.#closed = closed;
    this.#draw();
    this.#onChange(closed ? polygon(corners.map(({ place }) => place)) : null, this.#mode);
  }

  #draw() {
    const points = this.#corners.map(({ drawn }) => this.#map.project(drawn));
    const said = (/** @type {{ x: number, y: number }[]} */ all) =>
      all.map(({ x, y }) => `${x},${y}`).join(" ");
    const open = this.#mode === "polygon" && !this.#closed;
    const [shape, line, dots] = this.#svg.children;
    shape.setAttribute("points", open ? "" : said(points));
    line.setAttribute("points", open ? said(this.#pointer ? [...points, this.#pointer] : points) : "");
    while (dots.children.length > points.length) dots.lastElementChild?.remove();
    while (dots.children.length < points.length)
      dots.append(document.createElementNS("http://www.w3.org/2000/svg", "circle"));
    for (const [index, { x, y }] of points.entries())
      for (const [name, value] of [
        ["cx", x],
        ["cy", y],
        ["r", 4],
      ])
        dots.children[index].setAttribute(String(name), String(value)); // prettier-ignore
  }
}
