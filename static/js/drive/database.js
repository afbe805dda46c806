// @ts-check
// What the phone keeps, in IndexedDB: it survives reload, closing and an empty battery.

const NAME = "fleetline-drive";
const VERSION = 1;
/** @typedef {"fixes" | "said" | "messages" | "known"} Shelf */

/** @param {IDBRequest} request @returns {Promise<any>} */
const answered = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export class Database {
  #opened;

  /** @param {IDBFactory} [factory] */
  constructor(factory = indexedDB) {
    const request = factory.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const made = request.result;
      made.createObjectStore("fixes", { keyPath: "time" }); // the same time is the same fix
      made.createObjectStore("said", { keyPath: "n", autoIncrement: true });
      made.createObjectStore("messages", { keyPath: "id" });
      made.createObjectStore("known");
    };
    /** @type {Promise<IDBDatabase>} */
    this.#opened = answered(request);
  }

  /**
   * One transaction; kept when the promise is.
   * @param {Shelf} shelf @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest | undefined} work
   */
  async #do(shelf, mode, work) {
    const database = await this.#opened;
    const transaction = database.transaction(shelf, mode, { durability: "strict" });
    const request = work(transaction.objectStore(shelf));
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
    return request?.result;
  }

  /** @param {Shelf} shelf @returns {Promise<any[]>} in the order of their keys */
  all(shelf) {
    return this.#do(shelf, "readonly", (store) => store.getAll());
  }

  /** @param {Shelf} shelf @param {any} row @returns {Promise<any>} its key */
  put(shelf, row) {
    return this.#do(shelf, "readwrite", (store) => store.put(row));
  }

  /** @param {Shelf} shelf @param {Iterable<IDBValidKey>} keys */
  remove(shelf, keys) {
    return this.#do(shelf, "readwrite", (store) => {
      for (const key of keys) store.delete(key);
      return undefined;
    });
  }

  /** @param {string} name @returns {Promise<any>} */
  get(name) {
    return this.#do("known", "readonly", (store) => store.get(name));
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    return this.#do("known", "readwrite", (store) => store.put(value, name));
  }
}
