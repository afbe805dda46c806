// @ts-check
// Where each vehicle came from while this page watched.

const POINTS = 240;
const MOST_VEHICLES = 2000; // a larger fleet keeps none: memory

export class Trails {
  /** @type {Map<number, { time: number, lon: number, lat: number, cut: boolean }[]>} */
  #trails = new Map();

  /** @param {import("./store.js").Store} store @param {number} slot */
  add(store, slot) {
    if (store.size > MOST_VEHICLES) return;
    const trail = this.#trails.get(slot) ?? [];
    const time = store.time[slot];
    const gap = time - (trail.at(-1)?.time ?? time);
    // Nobody knows the way over a gap: the line is cut there.
    trail.push({ time, lon: store.lon[slot], lat: store.lat[slot], cut: gap > 3000 * store.interval[slot] });
    if (trail.length > POINTS) trail.shift();
    this.#trails.set(slot, trail);
  }

  /**
   * Lines up to where the marker is just now.
   * @param {number} slot @param {[number, number]} tip longitude, latitude
   */
  lines(slot, tip) {
    /** @type {[number, number][][]} */
    const lines = [[]];
    const trail = this.#trails.get(slot) ?? [];
    for (const { lon, lat, cut } of trail.slice(0, -1)) {
      if (cut) lines.push([]);
      lines.at(-1)?.push([lon, lat]);
    }
    if (trail.at(-1)?.cut) lines.push([]);
    lines.at(-1)?.push(tip);
    return lines.filter((line) => line.length > 1);
  }

  /** When watching began, milliseconds. @param {number} slot */
  begin(slot) {
    return this.#trails.get(slot)?.[0]?.time ?? Number.POSITIVE_INFINITY;
  }

  /** @param {number} slot */
  forget(slot) {
    this.#trails.delete(slot);
  }
}
