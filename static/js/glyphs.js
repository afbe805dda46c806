// @ts-check
// Digits and pictures of vehicles, side by side in one texture for the vehicle layer.

import { COLOUR_NAMES } from "./palette.js";

/** CSS pixels of a cell, and how many pixels of the texture each is. */
export const CELL = 16;
const SHARP = 3;

/** By the names of the server; the arrow has no picture: its shape says the state. */
export const ICONS = ["arrow", "car", "van", "truck", "bus", "bike", "person", "boat"];
export const GLYPHS = 10 + ICONS.length - 1;

// On a square of 24; holes by the even-odd rule.
const PATHS = [
  "M2 17v-5l3-1 2-5q.4-1 1.5-1h7q1 0 1.5 1l2 5 3 1v5h-2.5a2.5 2.5 0 0 1-5 0H9.5a2.5 2.5 0 0 1-5 0zM9 7l-1.5 4h9L15 7z",
  "M2 17V7q0-1 1-1h11l5 5 3 1v5h-2.5a2.5 2.5 0 0 1-5 0H9.5a2.5 2.5 0 0 1-5 0zM14 8v3h3l-3-3z",
  "M1 17V6h12v11H9.5a2.5 2.5 0 0 1-5 0zM14 9h5l4 4v4h-1.5a2.5 2.5 0 0 1-5 0H14zM16 10.5V13h4.5L18 10.5z",
  "M3 17V6q0-1 1-1h16q1 0 1 1v11h-2v2h-3v-2H8v2H5v-2zM5 7v5h14V7z",
  "M6 11a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM6 13a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM18 11a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM18 13a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM8 11l4-5h4v2h-3l-2 2.5 2.5 2V16h-2v-2.5z",
  "M12 2a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 9h8l1 1v5h-2v7h-2v-6h-2v6H9v-7H7v-5z",
  "M11 3h2v4l5 2v3l3 1-3 6H6l-3-6 3-1V9l5-2zM8 10v1.5l4-1 4 1V10l-4-1.5z",
];

/** @returns {HTMLCanvasElement} white on nothing */
export function drawn() {
  const canvas = document.createElement("canvas");
  canvas.width = GLYPHS * CELL * SHARP;
  canvas.height = CELL * SHARP;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(SHARP, SHARP);
  pen.fillStyle = "#fff";
  pen.font = "650 11.5px Inter, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  for (let digit = 0; digit < 10; digit++) pen.fillText(String(digit), (digit + 0.5) * CELL, CELL / 2 + 4.2);
  for (const [index, path] of PATHS.entries()) {
    pen.save();
    pen.translate((10 + index) * CELL + 0.5, 0.5);
    pen.scale((CELL - 1) / 24, (CELL - 1) / 24);
    pen.fill(new Path2D(path), "evenodd");
    pen.restore();
  }
  return canvas;
}

/** Put them into a texture of their own. @param {WebGL2RenderingContext} gl */
export function texture(gl) {
  const made = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0);
  gl.bindTexture(gl.TEXTURE_2D, made);
  // The map keeps these two in mind: they are put back.
  const settings = [gl.UNPACK_FLIP_Y_WEBGL, gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL];
  const before = settings.map((name) => gl.getParameter(name));
  for (const name of settings) gl.pixelStorei(name, false);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, drawn());
  settings.forEach((name, index) => {
    gl.pixelStorei(name, before[index]);
  });
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T])
    gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  gl.generateMipmap(gl.TEXTURE_2D);
  return made;
}

/** Icon and colour as one number, by what the server calls them. @param {{ icon?: string, colour?: string }} vehicle */
export function kind({ icon = "arrow", colour = "" }) {
  return Math.max(0, ICONS.indexOf(icon)) + 16 * (COLOUR_NAMES.indexOf(/** @type {any} */ (colour)) + 1);
}
