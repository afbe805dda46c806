// @ts-check
// Which vehicles a person has chosen: one, whose drawer is open, or several. Pure.

export class Choice {
  /** The one that is open, by id; -1 for none. */
  selected = -1;
  /** @type {Set<number>} ids of several; empty unless there are */
  several = new Set();
  /** Where the keyboard is, by id. */
  cursor = -1;
  #anchor = -1;

  /** @param {number} id -1: none */
  select(id) {
    this.selected = id;
    this.#anchor = this.cursor = id;
    this.several = new Set();
  }

  /** Ctrl+click: one more, or one less. @param {number} id */
  toggle(id) {
    const chosen = this.#all();
    if (!chosen.delete(id)) chosen.add(id);
    this.#anchor = this.cursor = id;
    this.#take(chosen);
  }

  /** Shift+click: all from the last one chosen to this. @param {number} id @param {number[]} ids as they are shown */
  extend(id, ids) {
    const [from, to] = [ids.indexOf(this.#anchor), ids.indexOf(id)];
    if (from < 0) return this.toggle(id);
    this.cursor = id;
    const chosen = this.#all();
    for (const one of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) chosen.add(one);
    return this.#take(chosen);
  }

  #all() {
    return new Set(this.selected >= 0 ? [this.selected] : this.several);
  }

  /** @param {Set<number>} chosen */
  #take(chosen) {
    this.several = chosen.size > 1 ? chosen : new Set();
    this.selected = chosen.size === 1 ? [...chosen][0] : -1;
  }
}
