// @ts-check
// Names beside vehicles, on a canvas over the map: they keep to their gliding markers.

/** @typedef {{ text: string, x: number, y: number, rank: number, strong: boolean }} Label rank 0 always shows */

const FONT = "Inter, sans-serif";
const HEIGHT = 15;
const BESIDE = 15;
const ICON = 7; // half of its width, less what may be covered
const COUNT = 11;

/**
 * The labels that fit: important ones first, none over another, over an icon or over a count.
 * @param {(Label & { width: number })[]} labels @param {number[][]} counts where they are: x, y
 */
export function place(labels, counts = []) {
  const around = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ r) => [
    x - r,
    y - r,
    x + r,
    y + r,
  ];
  const taken = labels.map(({ x, y }) => around(x, y, ICON));
  for (const [x, y] of counts) taken.push(around(x, y, COUNT));
  return labels
    .sort((a, b) => a.rank - b.rank)
    .filter(({ x, y, width, rank }) => {
      const [left, top, right, bottom] = [x + BESIDE, y - HEIGHT / 2, x + BESIDE + width, y + HEIGHT / 2];
      if (rank > 0 && taken.some((t) => left < t[2] && right > t[0] && top < t[3] && bottom > t[1]))
        return false;
      taken.push([left, top, right, bottom]);
      return true;
    });
}

export class Labels {
  #canvas;
  #pen;
  /** @type {Map<string, number>} */
  #widths = new Map();

  /** @param {HTMLCanvasElement} canvas @param {import("./palette.js").Palette} palette */
  constructor(canvas, palette) {
    this.#canvas = canvas;
    this.#pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.palette = palette;
  }

  /** @param {Label[]} labels in CSS pixels @param {number[][]} counts where they are */
  draw(labels, counts) {
    const canvas = this.#canvas;
    const pen = this.#pen;
    const ratio = window.devicePixelRatio;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    const measured = labels.map((label) => ({ ...label, width: this.#width(label) }));
    for (const { text, x, y, strong } of place(measured, counts).reverse()) {
      pen.font = `${strong ? 650 : 500} ${strong ? 12.5 : 11.5}px ${FONT}`;
      pen.lineWidth = 3.5;
      pen.strokeStyle = this.palette.halo;
      pen.fillStyle = this.palette.label;
      pen.strokeText(text, x + BESIDE, y);
      pen.fillText(text, x + BESIDE, y);
    }
  }

  /** @param {Label} label */
  #width({ text }) {
    let width = this.#widths.get(text);
    if (width === undefined) {
      this.#pen.font = `600 12px ${FONT}`;
      width = this.#pen.measureText(text).width;
      this.#widths.set(text, width);
    }
    return width;
  }
}
