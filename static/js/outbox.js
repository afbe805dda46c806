// @ts-check
// What was written and the server has not taken yet, and what is half written. Kept by the tab: a reload
// loses neither, and a message that is sent again carries the same id, so it stays one message.

/**
 * @typedef {object} Unsent
 * @property {string} client_id
 * @property {number} vehicle
 * @property {string} text
 * @property {string} replies
 * @property {string} hours after which it expires
 * @property {"sending" | "taken" | "unsent"} state
 * @property {string} [why] it is unsent
 * @property {boolean} [again] whether sending it once more may help; else it wants to be changed
 */

/** A random id; `crypto.randomUUID` is missing on pages without HTTPS. */
export function makeId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Outbox {
  #storage;
  #name;

  /** @param {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage @param {string} user whose they are: another one in this tab has their own */
  constructor(storage, user) {
    this.#storage = storage;
    this.#name = `fleetline-${user}`;
  }

  /** @returns {Unsent[]} oldest first */
  all() {
    try {
      return JSON.parse(this.#storage.getItem(`${this.#name}-unsent`) ?? "[]");
    } catch {
      return [];
    }
  }

  /** @param {number} vehicle */
  of(vehicle) {
    return this.all().filter((unsent) => unsent.vehicle === vehicle);
  }

  /** @param {Omit<Unsent, "state">} written @returns {Unsent} */
  add(written) {
    const unsent = { ...written, state: /** @type {const} */ ("sending") };
    this.#keep([...this.all(), unsent]);
    return unsent;
  }

  /** @param {string} id @param {Partial<Unsent>} changes */
  change(id, changes) {
    this.#keep(this.all().map((unsent) => (unsent.client_id === id ? { ...unsent, ...changes } : unsent)));
  }

  /** @param {string} id @returns {Unsent | undefined} what it was */
  take(id) {
    const all = this.all();
    this.#keep(all.filter(({ client_id }) => client_id !== id));
    return all.find(({ client_id }) => client_id === id);
  }

  /** @param {number} vehicle */
  draft(vehicle) {
    return this.#storage.getItem(`${this.#name}-draft-${vehicle}`) ?? "";
  }

  /** @param {number} vehicle @param {string} text "": there is none any more */
  keepDraft(vehicle, text) {
    const name = `${this.#name}-draft-${vehicle}`;
    if (text) this.#storage.setItem(name, text);
    else this.#storage.removeItem(name);
  }

  /** @param {Unsent[]} all */
  #keep(all) {
    const name = `${this.#name}-unsent`;
    if (all.length) this.#storage.setItem(name, JSON.stringify(all));
    else this.#storage.removeItem(name);
  }
}

/** Where a page may not store, it remembers as long as it is open. @returns {Pick<Storage, "getItem" | "setItem" | "removeItem">} */
export function storage() {
  try {
    sessionStorage.setItem("fleetline-try", "");
    sessionStorage.removeItem("fleetline-try");
    return sessionStorage;
  } catch {
    /** @type {Map<string, string>} */
    const kept = new Map();
    return {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: (name) => void kept.delete(name),
    };
  }
}
