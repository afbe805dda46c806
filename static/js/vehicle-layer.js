// @ts-check
// Every vehicle in one draw call: instanced quads that glide in the shader.
//
// Numbers of 32 bits are off by 17 pixels at zoom 20 on the whole Mercator square: they are kept
// relative to an origin near the view, which the (64-bit) matrix carries.

import { mercator } from "./glide.js";
import { rgb } from "./palette.js";
import { FRAGMENT, VERTEX } from "./shaders.js";
import { STATES } from "./states.js";

/** @typedef {import("./glide.js").Glide} Glide */
/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {{ slot: number, state: number, flags: number }} Drawn state: index in STATES */

export const STALE = 1;
export const SELECTED = 2;
export const HOVERED = 4;
const FLOATS = 10;
const PULSE_MS = 1600;
const still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");
const UNIFORMS = ["matrix", "pixel", "now", "bearing", "colours", "outline", "selected", "ratio", "pulse"];

/** The matrix that draws what is relative to the origin. @param {ArrayLike<number>} matrix @param {[number, number]} origin */
export function rebased(matrix, [x, y]) {
  const result = Float64Array.from(matrix);
  for (let i = 0; i < 4; i++) result[12 + i] += result[i] * x + result[4 + i] * y;
  return Float32Array.from(result);
}

export class VehicleLayer {
  id = "vehicles";
  type = /** @type {const} */ ("custom");
  renderingMode = /** @type {const} */ ("2d");
  /** @type {Drawn[]} bottom first */
  #drawn = [];
  #buffer = new Float32Array(0);
  /** @type {[number, number]} */
  #origin = [0, 0];
  #epoch = 0;
  #changed = true;
  /** @type {any} */
  #map;
  /** @type {WebGLProgram | null} */
  #program = null;
  /** @type {WebGLVertexArrayObject | null} */
  #vertices = null;
  /** @type {WebGLBuffer | null} */
  #store = null;
  /** @type {Record<string, WebGLUniformLocation | null>} */
  #uniforms = {};

  /** @param {Glide} glide @param {Palette} palette @param {() => number} now */
  constructor(glide, palette, now = () => performance.now()) {
    this.glide = glide;
    this.palette = palette;
    this.now = now;
  }

  /** @param {Drawn[]} drawn bottom first */
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
    gl.bindVertexArray(this.#vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#store);
    for (const [index, size, offset] of [
      [0, 4, 0],
      [1, 4, 16],
      [2, 2, 32],
    ]) {
      gl.enableVertexAttribArray(index);
      gl.vertexAttribPointer(index, size, gl.FLOAT, false, 4 * FLOATS, offset);
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
  }

  /** @param {WebGL2RenderingContext} gl @param {any} args */
  render(gl, args) {
    const now = this.now();
    this.#rebase();
    if (this.#changed) this.#upload(gl);
    gl.useProgram(this.#program);
    gl.bindVertexArray(this.#vertices);
    const { width, height } = gl.canvas;
    const ratio = width / /** @type {HTMLCanvasElement} */ (gl.canvas).clientWidth;
    const at = this.#uniforms;
    gl.uniformMatrix4fv(at["matrix"], false, rebased(args.defaultProjectionData.mainMatrix, this.#origin));
    gl.uniform2f(at["pixel"], (2 * ratio) / width, (2 * ratio) / height);
    gl.uniform1f(at["now"], now - this.#epoch);
    gl.uniform1f(at["bearing"], this.#map.getBearing());
    gl.uniform1f(at["ratio"], ratio);
    const pulsing = this.#drawn.at(-1)?.state === 0 && !still?.matches;
    gl.uniform1f(at["pulse"], pulsing ? (now % PULSE_MS) / PULSE_MS : 1);
    gl.uniform3fv(
      at["colours"],
      STATES.flatMap((state) => rgb(this.palette.states[state])),
    );
    gl.uniform3fv(at["outline"], rgb(this.palette.outline));
    gl.uniform3fv(at["selected"], rgb(this.palette.selected));
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.#drawn.length);
    gl.bindVertexArray(null);
    if (pulsing || now < this.glide.end) this.#map.triggerRepaint();
  }

  /**
   * The vehicle drawn on top at a place of the screen.
   * @param {{ x: number, y: number }} point @param {number} [reach] pixels
   * @returns {number} its slot, or -1
   */
  pick(point, reach = 14) {
    const { lng, lat } = this.#map.unproject(point);
    const [x, y] = mercator(lng, lat);
    const now = this.now();
    let best = -1;
    let nearest = (reach / (512 * 2 ** this.#map.getZoom())) ** 2;
    for (const { slot } of this.#drawn) {
      const [vx, vy] = this.glide.at(slot, now);
      const distance = (vx - x) ** 2 + (vy - y) ** 2;
      if (distance <= nearest) {
        nearest = distance;
        best = slot;
      }
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
    const { glide } = this;
    const [x, y] = this.#origin;
    const size = this.#drawn.length * FLOATS;
    if (this.#buffer.length < size) this.#buffer = new Float32Array(2 * size);
    const buffer = this.#buffer;
    let at = 0;
    for (const { slot, state, flags } of this.#drawn) {
      buffer[at++] = glide.fromX[slot] - x;
      buffer[at++] = glide.fromY[slot] - y;
      buffer[at++] = glide.toX[slot] - x;
      buffer[at++] = glide.toY[slot] - y;
      buffer[at++] = glide.begin[slot] - this.#epoch;
      buffer[at++] = glide.lasts[slot];
      buffer[at++] = glide.fromHeading[slot];
      buffer[at++] = glide.turn[slot];
      buffer[at++] = state;
      buffer[at++] = flags;
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#store);
    gl.bufferData(gl.ARRAY_BUFFER, buffer.subarray(0, size), gl.DYNAMIC_DRAW);
    this.#changed = false;
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
