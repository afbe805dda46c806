// @ts-check
// What waits to be sent, and what the server has settled. Kept before it is sent, removed when it is settled.
// A fix is settled by an ack that covers its frame; a reply by `stored`; a receipt by an ack of a frame
// that was sent after it on the same connection (docs/PROTOCOL.md).

export const ITEMS_A_FRAME = 200;
export const FRAMES_IN_FLIGHT = 4;
export const MOST_FIXES = 100_000; // about six days of one every 5 s; then the oldest go

/** @typedef {{ time: number, latitude: number, longitude: number, alarm?: string } & Record<string, any>} Fix time in ms */
/** @typedef {{ n: number, at: number, frame: { type: string, id: string } & Record<string, any> }} Said */
/**
 * @typedef {object} Store
 * @property {(shelf: "fixes" | "said") => Promise<any[]>} all
 * @property {(shelf: "fixes" | "said", row: any) => Promise<any>} put
 * @property {(shelf: "fixes" | "said", keys: Iterable<any>) => Promise<any>} remove
 */

export class Outbox {
  #store;
  /** @type {Map<number, Fix>} by time */
  #fixes = new Map();
  /** @type {Map<number, Said>} by their order */
  #said = new Map();
  #seq = 0;
  /** @type {Map<number, { times: number[], receipts: number[] }>} by seq */
  #flying = new Map();
  /** @type {Set<number>} times of fixes in flight */
  #sentFixes = new Set();
  /** @type {Set<number>} numbers of what was said on this connection */
  #sentSaid = new Set();
  /** @type {number[]} receipts that were sent since the last numbered frame */
  #receipts = [];
  #doubted = false;

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  async open() {
    for (const fix of await this.#store.all("fixes")) this.#fixes.set(fix.time, fix);
    for (const said of await this.#store.all("said")) this.#said.set(said.n, said);
  }

  /** How many positions, answers and receipts wait. */
  get waiting() {
    return this.#fixes.size + this.#said.size;
  }

  /** When the oldest of them was made, ms; NaN when nothing waits. */
  get since() {
    const fix = this.#fixes.keys().next().value ?? Number.POSITIVE_INFINITY;
    const said = this.#said.values().next().value?.at ?? Number.POSITIVE_INFINITY;
    const oldest = Math.min(fix, said);
    return Number.isFinite(oldest) ? oldest : Number.NaN;
  }

  /** @param {number} time */
  has(time) {
    return this.#fixes.has(time);
  }

  /** Keep a fix; resolves when it is on the disk. @param {Fix} fix */
  async keep(fix) {
    this.#fixes.set(fix.time, fix);
    const over = this.#fixes.size - MOST_FIXES;
    if (over > 0) await this.#forget([...this.#fixes.keys()].slice(0, over));
    await this.#store.put("fixes", fix);
  }

  /** Keep a receipt, a reply or a say; resolves when it is on the disk. @param {Said["frame"]} frame @param {number} at ms */
  async say(frame, at) {
    const same = (/** @type {Said} */ said) =>
      said.frame.id === frame.id && said.frame["status"] === frame["status"];
    if ([...this.#said.values()].some(same)) return;
    const n = await this.#store.put("said", { at, frame });
    this.#said.set(n, { n, at, frame });
  }

  /** A new connection: its numbers begin anew, and what was not settled is sent again. */
  begin() {
    this.#seq = 0;
    this.#flying.clear();
    this.#sentFixes.clear();
    this.#sentSaid.clear();
    this.#receipts = [];
    this.#doubted = false;
  }

  /** The frames to send now, in their order. @returns {Record<string, any>[]} */
  next() {
    const frames = [];
    for (const { n, frame } of this.#said.values()) {
      if (this.#sentSaid.has(n)) continue;
      this.#sentSaid.add(n);
      if (frame.type === "receipt") this.#receipts.push(n);
      frames.push(frame);
    }
    while (this.#flying.size < FRAMES_IN_FLIGHT) {
      const items = this.#unsent();
      if (items.length === 0 && this.#receipts.length === 0) break;
      frames.push(this.#numbered(items));
    }
    return frames;
  }

  /** Alarms first, and on a new connection where the vehicle is now; then in the order of their keeping. */
  #unsent() {
    const fixes = [...this.#fixes.values()].filter(({ time }) => !this.#sentFixes.has(time));
    const urgent = fixes.filter(({ alarm }) => alarm);
    const newest = this.#seq === 0 ? fixes.slice(-1) : [];
    return [...new Set([...urgent, ...newest, ...fixes])].slice(0, ITEMS_A_FRAME);
  }

  /** A frame of positions; an empty one asks whether the receipts before it are settled. @param {Fix[]} items */
  #numbered(items) {
    const times = items.map((fix) => fix.time);
    for (const time of times) this.#sentFixes.add(time);
    this.#flying.set(++this.#seq, { times, receipts: this.#receipts });
    this.#receipts = [];
    return { type: "positions", seq: this.#seq, items };
  }

  /** Every frame up to `seq` is settled. @param {number} seq @returns {Promise<number[]>} the times of its fixes */
  async acked(seq) {
    const settled = [];
    for (const [number, { times, receipts }] of [...this.#flying]) {
      if (number > seq) continue;
      this.#flying.delete(number);
      settled.push(...times);
      if (!this.#doubted) await this.#unsay(receipts);
    }
    await this.#forget(settled);
    return settled;
  }

  /** A reply or a say is in the journal. @param {string} id */
  async stored(id) {
    const same = (/** @type {Said} */ { frame }) => frame.id === id && frame.type !== "receipt";
    await this.#unsay([...this.#said.values()].filter(same).map(({ n }) => n));
  }

  /** The server had no room for something without a number: on this connection no ack speaks for receipts. */
  doubt() {
    this.#doubted = true;
  }

  get doubted() {
    return this.#doubted;
  }

  /** Forget everything. */
  async clear() {
    this.begin();
    await this.#forget([...this.#fixes.keys()]);
    await this.#unsay([...this.#said.keys()]);
  }

  /** @param {number[]} times */
  async #forget(times) {
    if (times.length === 0) return;
    for (const time of times) {
      this.#fixes.delete(time);
      this.#sentFixes.delete(time);
    }
    await this.#store.remove("fixes", times);
  }

  /** @param {number[]} numbers */
  async #unsay(numbers) {
    if (numbers.length === 0) return;
    for (const n of numbers) this.#said.delete(n);
    await this.#store.remove("said", numbers);
  }
}
