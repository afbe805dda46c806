// @ts-check
// The messages of this phone. One that came is kept before it is receipted; it is shown once, whatever comes twice.

export const MOST_KEPT = 200; // read ones; the oldest go

/**
 * @typedef {object} Message
 * @property {string} id
 * @property {"message" | "command" | "said"} kind `said`: what the driver wrote
 * @property {string} text
 * @property {string} from
 * @property {number} at ms: when it was sent
 * @property {string[]} replies
 * @property {number} order in which it came
 * @property {boolean} read
 * @property {string} answer what the driver answered; empty: "Got it", or nothing yet; of a command its outcome
 */
/**
 * @typedef {object} Store
 * @property {(shelf: "messages") => Promise<any[]>} all
 * @property {(shelf: "messages", row: any) => Promise<any>} put
 * @property {(shelf: "messages", keys: Iterable<any>) => Promise<any>} remove
 */

export class Inbox {
  #store;
  /** @type {Map<string, Message>} */
  #messages = new Map();
  #order = 0;

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  async open() {
    const rows = await this.#store.all("messages");
    rows.sort((a, b) => a.order - b.order);
    for (const row of rows) this.#messages.set(row.id, row);
    this.#order = rows.at(-1)?.order ?? 0;
  }

  /** Those that the driver has not taken note of, oldest first. */
  get waiting() {
    return [...this.#messages.values()].filter(({ kind, read }) => kind === "message" && !read);
  }

  /** @param {string} id */
  get(id) {
    return this.#messages.get(id);
  }

  /** What was said, newest last. @param {number} most */
  past(most) {
    return [...this.#messages.values()].filter(({ kind, read }) => kind !== "command" && read).slice(-most);
  }

  /**
   * Keep a message or command; resolves to whether it is new when it is on the disk.
   * @param {{ id: string, type: "message" | "command", text?: string, from?: string, sent_at?: string, replies?: string[] }} frame
   * @param {number} now
   */
  async take(frame, now) {
    if (this.#messages.has(frame.id)) return false;
    const { id, type: kind, text = "", from = "", replies = [] } = frame;
    const at = Date.parse(frame.sent_at ?? "") || now;
    await this.#keep({ id, kind, text, from, at, replies, read: kind === "command", answer: "" });
    return true;
  }

  /** The driver answered, or took note of it. @param {string} id @param {string} answer empty: took note */
  async answer(id, answer) {
    const message = this.#messages.get(id);
    if (!message || message.read) return false;
    message.read = true;
    message.answer = answer;
    await this.#store.put("messages", message);
    return true;
  }

  /** A command was carried out, or could not be. @param {string} id @param {string} outcome */
  async obeyed(id, outcome) {
    const command = this.#messages.get(id);
    if (!command) return;
    command.answer = outcome;
    await this.#store.put("messages", command);
  }

  /** What the driver wrote. @param {string} id @param {string} text @param {number} now */
  async said(id, text, now) {
    await this.#keep({ id, kind: "said", text, from: "", at: now, replies: [], read: true, answer: "" });
  }

  /** Forget everything. */
  async clear() {
    await this.#store.remove("messages", [...this.#messages.keys()]);
    this.#messages.clear();
  }

  /** @param {Omit<Message, "order">} message */
  async #keep(message) {
    const row = { ...message, order: ++this.#order };
    await this.#store.put("messages", row);
    this.#messages.set(row.id, row);
    const old = [...this.#messages.values()].filter(({ read }) => read).slice(0, -MOST_KEPT);
    for (const { id } of old) this.#messages.delete(id);
    if (old.length)
      await this.#store.remove(
        "messages",
        old.map(({ id }) => id),
      );
  }
}
