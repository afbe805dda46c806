// @ts-check
// Every vehicle in one draw call: instanced quads that glide in the shader.
//
// Numbers of 32 bits are off by 17 pixels at zoom 20 on the whole Mercator square: they are kept
// relative to an origin near the view, which the (64-bit) matrix carries.

import { mercator } from "./glide.js";
import { texture } from "./glyphs.js";
import { COLOUR_NAMES, rgb } from "./palette.js";
import { ACCURACY, FRAGMENT, VERTEX } from "./shaders.js";
import { STATES } from "./states.js";

/** @typedef {import("./glide.js").Glide} Glide */
/** @typedef {import("./palette.js").Palette} Palette */
/**
 * @typedef {object} Drawn
 * @property {Int32Array} order slots, bottom first @property {number} length how many of them
 * @property {Uint8Array} state by slot: index in STATES @property {Uint8Array} flags by slot
 * @property {Int32Array} many by slot: 0 is hidden under another, 1 a vehicle, else a count
 * @property {Uint8Array} kind by slot: icon + 16 colour
 * @property {{ slot: number, radius: number } | null} accuracy of one vehicle, in Mercator units
 * @property {boolean} alarms whether there are any
 */

export const STALE = 1;
export const SELECTED = 2;
export const HOVERED = 4;
export const DIMMED = 8;
const FLOATS = 12;
const PULSE_MS = 1600;
const PULSE_STEP_MS = 80; // a whole map is drawn for each: a slow pulse will do
const MANY = 1000; // above that gliding is drawn half as often
const MANY_STEP_MS = 33;
const DETAIL_ZOOM = 13.5;
const still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");
const UNIFORMS = [
  "matrix",
  "pixel",
  "now",
  "bearing",
  "world",
  "colours",
  "tints",
  "outline",
  "selected",
  "ink",
  "paper",
  "ratio",
  "pulse",
  "detail",
  "glyphs",
]; // prettier-ignore

/** The matrix that draws what is relative to the origin. @param {ArrayLike<number>} matrix @param {[number, number]} origin */
export function rebased(matrix, [x, y]) {
  const result = Float64Array.from(matrix);
  for (let i = 0; i < 4; i++) result[12 + i] += result[i] * x + result[4 + i] * y;
  return Float32Array.from(result);
}

/** @type {Drawn} */
export const NOTHING = {
  order: new Int32Array(),
  length: 0,
  state: new Uint8Array(),
  flags: new Uint8Array(),
  many: new Int32Array(),
  kind: new Uint8Array(),
  accuracy: null,
  alarms: false,
};

export class VehicleLayer {
  id = "vehicles";
  type = /** @type {const} */ ("custom");
  renderingMode = /** @type {const} */ ("2d");
  #drawn = NOTHING;
  #buffer = new Float32Array(0);
  #instances = 0;
  /** @type {[number, number]} */
  #origin = [0, 0];
  #epoch = 0;
  #changed = true;
  #timer = 0;
  /** @type {any} */
  #map;
  /** @type {WebGLProgram | null} */
  #program = null;
  /** @type {WebGLVertexArrayObject | null} */
  #vertices = null;
  /** @type {WebGLBuffer | null} */
  #store = null;
  /** @type {WebGLTexture | null} */
  #glyphs = null;
  /** @type {Record<string, WebGLUniformLocation | null>} */
  #uniforms = {};

  /** @param {Glide} glide @param {Palette} palette @param {() => number} now */
  constructor(glide, palette, now = () => performance.now()) {
    this.glide = glide;
    this.palette = palette;
    this.now = now;
  }

  /** @param {Drawn} drawn kept, and read again when the origin moves */
  show(drawn) {
    this.#drawn = drawn;
    this.#changed = true;
    this.#map?.triggerRepaint();
  }

  /** @param {any} map @param {WebGL2RenderingContext} gl */
  onAdd(map, gl) {
    this.#map = map;
    this.#program = link(gl, VERTEX, FRAGMENT);
    for (const name of UNIFORMS) this.#uniforms[name] = gl.getUniformLocation(this.#program, name);
    this.#vertices = gl.createVertexArray();
    this.#store = gl.createBuffer();
    this.#glyphs = null;
    gl.bindVertexArray(this.#vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#store);
    for (const index of [0, 1, 2]) {
      gl.enableVertexAttribArray(index);
      gl.vertexAttribPointer(index, 4, gl.FLOAT, false, 4 * FLOATS, 16 * index);
      gl.vertexAttribDivisor(index, 1);
    }
    gl.bindVertexArray(null);
    this.#changed = true;
  }

  /** @param {any} _map @param {WebGL2RenderingContext} gl */
  onRemove(_map, gl) {
    gl.deleteProgram(this.#program);
    gl.deleteVertexArray(this.#vertices);
    gl.deleteBuffer(this.#store);
    gl.deleteTexture(this.#glyphs);
  }

  /** @param {WebGL2RenderingContext} gl @param {any} args */
  render(gl, args) {
    const now = this.now();
    this.#rebase();
    if (this.#changed) this.#upload(gl);
    this.#glyphs ??= texture(gl);
    gl.useProgram(this.#program);
    gl.bindVertexArray(this.#vertices);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#glyphs);
    gl.uniformMatrix4fv(
      this.#uniforms["matrix"],
      false,
      rebased(args.defaultProjectionData.mainMatrix, this.#origin),
    );
    this.#setUniforms(gl, now);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.#instances);
    gl.bindVertexArray(null);
    this.#again(now);
  }

  /** @param {WebGL2RenderingContext} gl @param {number} now */
  #setUniforms(gl, now) {
    const at = this.#uniforms;
    const { width, height } = gl.canvas;
    const ratio = width / /** @type {HTMLCanvasElement} */ (gl.canvas).clientWidth;
    const { states, tints, outline, selected, label, land } = this.palette;
    gl.uniform2f(at["pixel"], (2 * ratio) / width, (2 * ratio) / height);
    gl.uniform1f(at["now"], now - this.#epoch);
    gl.uniform1f(at["bearing"], this.#map.getBearing());
    gl.uniform1f(at["world"], 512 * 2 ** this.#map.getZoom());
    gl.uniform1f(at["ratio"], ratio);
    gl.uniform1f(at["detail"], this.#map.getZoom() >= DETAIL_ZOOM ? 1 : 0);
    gl.uniform1f(at["pulse"], this.#pulsing ? (now % PULSE_MS) / PULSE_MS : 1);
    gl.uniform1i(at["glyphs"], 0);
    gl.uniform3fv(
      at["colours"],
      STATES.flatMap((state) => rgb(states[state])),
    );
    gl.uniform3fv(at["tints"], [0, 0, 0, ...COLOUR_NAMES.flatMap((name) => rgb(tints[name]))]);
    gl.uniform3fv(at["outline"], rgb(outline));
    gl.uniform3fv(at["selected"], rgb(selected));
    gl.uniform3fv(at["ink"], rgb(label));
    gl.uniform3fv(at["paper"], rgb(land));
  }

  get #pulsing() {
    return this.#drawn.alarms && !still?.matches;
  }

  /** Draw again while something moves by itself. @param {number} now */
  #again(now) {
    const gliding = now < this.glide.end;
    if (gliding && this.#drawn.length <= MANY) return this.#map.triggerRepaint();
    if (this.#timer || !(gliding || this.#pulsing)) return;
    const wait = gliding ? MANY_STEP_MS : PULSE_STEP_MS;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#map.triggerRepaint();
    }, wait);
  }

  /**
   * The vehicle or count drawn on top near a place of the screen.
   * @param {import("./viewport.js").Viewport} view @param {{ x: number, y: number }} point @param {number} reach pixels
   * @returns {number} its slot, or -1
   */
  pick(view, point, reach) {
    const now = this.now();
    const { order, length, many } = this.#drawn;
    const { fromX, fromY, toX, toY } = this.glide;
    let best = -1;
    let nearest = reach ** 2;
    for (let i = 0; i < length; i++) {
      const slot = order[i];
      if (many[slot] === 0) continue;
      const k = this.glide.progress(slot, now);
      const dx = view.left(fromX[slot] + (toX[slot] - fromX[slot]) * k) - point.x;
      const dy = view.top(fromY[slot] + (toY[slot] - fromY[slot]) * k) - point.y;
      const distance = dx * dx + dy * dy;
      if (distance > nearest) continue;
      nearest = distance;
      best = slot;
    }
    return best;
  }

  /** Keep the origin within a few screens of the view, and times small. */
  #rebase() {
    const { lng, lat } = this.#map.getCenter();
    const [x, y] = mercator(lng, lat);
    const screens = Math.hypot(x - this.#origin[0], y - this.#origin[1]) * 2 ** this.#map.getZoom();
    if (screens < 8 && this.now() - this.#epoch < 60_000) return;
    this.#origin = [x, y];
    this.#epoch = this.now();
    this.#changed = true;
  }

  /** @param {WebGL2RenderingContext} gl */
  #upload(gl) {
    const { order, length, accuracy, many } = this.#drawn;
    if (this.#buffer.length < (length + 1) * FLOATS)
      this.#buffer = new Float32Array(2 * (length + 1) * FLOATS);
    let at = 0;
    if (accuracy) at = this.#write(at, accuracy.slot, ACCURACY, 0, accuracy.radius, 0);
    const { state, flags, kind } = this.#drawn;
    for (let i = 0; i < length; i++) {
      const slot = order[i];
      if (many[slot] > 0) at = this.#write(at, slot, state[slot], flags[slot], many[slot], kind[slot]);
    }
    this.#instances = at / FLOATS;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#store);
    gl.bufferData(gl.ARRAY_BUFFER, this.#buffer.subarray(0, at), gl.DYNAMIC_DRAW);
    this.#changed = false;
  }

  /** @param {number} at @param {number} slot @param {number} state @param {number} flags @param {number} many @param {number} kind */
  #write(at, slot, state, flags, many, kind) {
    const { glide } = this;
    const buffer = this.#buffer;
    const [x, y] = this.#origin;
    // The copy of the Earth that is nearest to the view.
    const west = x + Math.round(glide.toX[slot] - x);
    buffer[at] = glide.fromX[slot] - west;
    buffer[at + 1] = glide.fromY[slot] - y;
    buffer[at + 2] = glide.toX[slot] - west;
    buffer[at + 3] = glide.toY[slot] - y;
    buffer[at + 4] = glide.begin[slot] - this.#epoch;
    buffer[at + 5] = glide.lasts[slot];
    buffer[at + 6] = glide.fromHeading[slot];
    buffer[at + 7] = glide.turn[slot];
    buffer[at + 8] = state;
    buffer[at + 9] = flags;
    buffer[at + 10] = many;
    buffer[at + 11] = kind;
    return at + FLOATS;
  }
}

/** @param {WebGL2RenderingContext} gl @param {string} vertex @param {string} fragment */
function link(gl, vertex, fragment) {
  const program = gl.createProgram();
  for (const [type, source] of /** @type {const} */ ([
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(type));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS))
    throw new Error(`vehicle layer: ${gl.getProgramInfoLog(program)}`);
  return program;
}
