// @ts-check
// Icons that lie on one another become one icon with a count. Pure; a grid of cells, no garbage.

/** Pixels between centres: two icons that are nearer overlap by half. */
export const REACH = 10;
/** The same for a count, which is larger than an icon. */
export const GROUP_REACH = 17;

export class Collapse {
  /** By place in the order given: the index of the one on top, itself when it stands alone. */
  leader = new Int32Array();
  /** By place in the order given: how many icons are one with this one; 0 under another. */
  count = new Int32Array();
  #heads = new Int32Array();
  #next = new Int32Array();

  /**
   * @param {number} n @param {Float64Array} x pixels @param {Float64Array} y pixels; what is to lie on top comes first
   * @param {Uint8Array} alone 1: neither hides anything nor is hidden
   */
  run(n, x, y, alone) {
    this.#reserve(n);
    const { leader, count } = this;
    for (let i = 0; i < n; i++) leader[i] = i;
    count.fill(1, 0, n);
    this.#pass(n, x, y, alone, REACH, 0);
    this.#pass(n, x, y, alone, GROUP_REACH, 2);
    for (let i = 0; i < n; i++) while (leader[leader[i]] !== leader[i]) leader[i] = leader[leader[i]];
  }

  /**
   * Each joins the first before it that is within reach, if one of the two stands for at least `least`.
   * @param {number} n @param {Float64Array} x @param {Float64Array} y @param {Uint8Array} alone
   * @param {number} reach @param {number} least
   */
  #pass(n, x, y, alone, reach, least) {
    const { leader, count } = this;
    const mask = this.#heads.length - 1;
    this.#heads.fill(-1);
    for (let i = 0; i < n; i++) {
      if (alone[i] || leader[i] !== i) continue;
      const cx = Math.floor(x[i] / reach);
      const cy = Math.floor(y[i] / reach);
      const found = this.#near(i, x, y, cx, cy, reach, least);
      if (found >= 0) {
        leader[i] = found;
        count[found] += count[i];
        count[i] = 0;
      } else {
        const cell = hash(cx, cy) & mask;
        this.#next[i] = this.#heads[cell];
        this.#heads[cell] = i;
      }
    }
  }

  /**
   * @param {number} i @param {Float64Array} x @param {Float64Array} y @param {number} cx its cell @param {number} cy
   * @param {number} reach @param {number} least
   */
  #near(i, x, y, cx, cy, reach, least) {
    const { count } = this;
    const mask = this.#heads.length - 1;
    let best = -1;
    let nearest = reach * reach;
    for (let dx = -1; dx <= 1; dx++)
      for (let dy = -1; dy <= 1; dy++)
        for (let j = this.#heads[hash(cx + dx, cy + dy) & mask]; j >= 0; j = this.#next[j]) {
          const distance = (x[j] - x[i]) ** 2 + (y[j] - y[i]) ** 2;
          if (distance >= nearest || Math.max(count[i], count[j]) < least) continue;
          nearest = distance;
          best = j;
        }
    return best;
  }

  /** @param {number} n */
  #reserve(n) {
    if (n <= this.leader.length) return;
    const size = 2 ** Math.ceil(Math.log2(2 * n + 2));
    this.leader = new Int32Array(size);
    this.count = new Int32Array(size);
    this.#next = new Int32Array(size);
    this.#heads = new Int32Array(size);
  }
}

/** @param {number} x @param {number} y */
const hash = (x, y) => Math.imul(x, 73_856_093) ^ Math.imul(y, 19_349_663);
