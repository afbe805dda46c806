// @ts-check
// The vehicle layer's two programs. Sizes in CSS pixels; a marker's quad is 2 × REACH wide.

import { CELL, GLYPHS } from "./glyphs.js";

export const REACH = 26;
/** A state beyond the real ones: the circle in which a position may be. */
export const ACCURACY = 6;

export const VERTEX = `#version 300 es
layout(location=0) in vec4 way;      // from and to, relative to the origin
layout(location=1) in vec4 pace;     // begin, duration, heading, turn
layout(location=2) in vec4 look;     // state, flags, how many (or the accuracy, in Mercator units), icon + 16 colour
uniform mat4 matrix;
uniform vec2 pixel;                  // one CSS pixel in clip space
uniform float now;
uniform float bearing;
uniform float world;                 // CSS pixels of the whole Earth
out vec2 at;
flat out float angle;
flat out int state;
flat out int flags;
flat out int many;
flat out float radius;
flat out ivec2 kind;                 // icon, colour
void main() {
  float k = pace.y > 0. ? clamp((now - pace.x) / pace.y, 0., 1.) : 1.;
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2. - 1.;
  state = int(look.x);
  flags = int(look.y);
  radius = look.z * world;
  many = state == ${ACCURACY} ? 1 : int(look.z);
  kind = ivec2(int(look.w) & 15, int(look.w) >> 4);
  float reach = state == ${ACCURACY} ? radius + 2. : ${REACH}.;
  at = corner * reach;
  angle = radians(pace.z + pace.w * k - bearing);
  vec4 place = matrix * vec4(mix(way.xy, way.zw, k), 0., 1.);
  place.xy += at * pixel * place.w;
  gl_Position = place;
}`;

// Distances to shapes after Inigo Quilez, https://iquilezles.org/articles/distfunctions2d/
export const FRAGMENT = `#version 300 es
precision highp float;
in vec2 at;
flat in float angle;
flat in int state;
flat in int flags;
flat in int many;
flat in float radius;
flat in ivec2 kind;
uniform vec3 colours[6];
uniform vec3 tints[7];               // of vehicles; the first is none
uniform vec3 outline;
uniform vec3 selected;
uniform vec3 ink;
uniform vec3 paper;
uniform float ratio;
uniform float pulse;
uniform float detail;                // 1: near enough for pictures of vehicles
uniform sampler2D glyphs;
out vec4 result;

float arrow(vec2 p) {
  vec2 corners[4] = vec2[4](vec2(0., 10.5), vec2(7.6, -8.5), vec2(0., -4.6), vec2(-7.6, -8.5));
  float d = dot(p - corners[0], p - corners[0]);
  float side = 1.;
  for (int i = 0, j = 3; i < 4; j = i, i++) {
    vec2 e = corners[j] - corners[i];
    vec2 w = p - corners[i];
    vec2 b = w - e * clamp(dot(w, e) / dot(e, e), 0., 1.);
    d = min(d, dot(b, b));
    bvec3 c = bvec3(p.y >= corners[i].y, p.y < corners[j].y, e.x * w.y > e.y * w.x);
    if (all(c) || all(not(c))) side = -side;
  }
  return side * sqrt(d) - .6;
}
float box(vec2 p, vec2 half_size, float round) {
  vec2 q = abs(p) - half_size + round;
  return length(max(q, 0.)) + min(max(q.x, q.y), 0.) - round;
}
float cover(float d) { return clamp(.5 - d * ratio, 0., 1.); }
vec4 over(vec4 under, vec3 colour, float a) { return vec4(colour * a, a) + under * (1. - a); }
vec2 turned(vec2 p) { return vec2(p.x * cos(angle) - p.y * sin(angle), p.x * sin(angle) + p.y * cos(angle)); }

float shape(vec2 p) {
  if (state == 0) return length(p) - 9.;
  if (state == 1) return arrow(turned(p));
  if (state == 3) return box(p, vec2(5.4), 1.6);
  return length(p) - 6.;
}
vec4 mark(vec4 c, vec2 p, float size) {
  float d = shape(p / size) * size;
  c = over(c, outline, .92 * cover(d - 1.7));
  c = over(c, colours[state], cover(d));
  if (state > 3) c = over(c, outline, cover(length(p) - 3.4 * size));
  return c;
}
float glyph(int index, vec2 p) {
  vec2 inside = vec2(p.x, -p.y) / ${CELL}. + .5;
  if (any(lessThan(inside, vec2(0.))) || any(greaterThan(inside, vec2(1.)))) return 0.;
  return texture(glyphs, vec2((float(index) + inside.x) / ${GLYPHS}., inside.y)).a;
}
vec4 accuracy() {
  vec4 c = over(vec4(0.), selected, .13 * cover(length(at) - radius));
  return over(c, selected, .6 * cover(abs(length(at) - radius) - .6));
}
vec4 group(vec4 c) {
  int digits = many > 999 ? 4 : many > 99 ? 3 : many > 9 ? 2 : 1;
  float r = 8.5 + 1.8 * float(digits);
  c = over(c, outline, .92 * cover(length(at) - r - 3.2));
  c = over(c, colours[state], cover(length(at) - r - 1.6));
  c = over(c, paper, cover(length(at) - r + .6));
  float a = 0.;
  int rest = min(many, 9999);
  for (int i = 0; i < digits; i++, rest /= 10)
    a += glyph(rest % 10, at - vec2((float(digits - 1) / 2. - float(i)) * 6.6, 0.));
  c = over(c, ink, min(1., a));
  return mark(c, at - vec2(r, r) * .78, .5);
}
vec4 picture(vec4 c) {
  vec3 body = kind.y > 0 ? tints[kind.y] : colours[state];
  if (state == 1) {
    vec2 p = turned(at);
    float wedge = max(abs(p.x) * .8 + (p.y - 19.) * .62, 10. - p.y);
    c = over(c, outline, .92 * cover(wedge - 1.5));
    c = over(c, colours[state], cover(wedge));
  }
  c = over(c, outline, .92 * cover(length(at) - 14.));
  c = over(c, body, cover(length(at) - 12.4));
  c = over(c, outline, glyph(9 + kind.x, at));
  return mark(c, at - vec2(9.5, -9.5), .5);
}

void main() {
  vec4 c = vec4(0.);
  if (state == ${ACCURACY}) { result = accuracy(); return; }
  if (state == 0) {
    c = over(c, colours[0], .5 * (1. - pulse) * cover(length(at) - 12. - 13. * pulse));
    c = over(c, colours[0], .22 * cover(length(at) - 18.));
    c = over(c, colours[0], .55 * cover(abs(length(at) - 18.) - .6));
  }
  if ((flags & 2) != 0) {
    c = over(c, selected, .20 * cover(length(at) - 21.));
    c = over(c, selected, cover(abs(length(at) - 21.) - 1.1));
  } else if ((flags & 4) != 0) c = over(c, selected, cover(abs(length(at) - 15. - 4. * detail) - .9));
  if (many > 1) c = group(c);
  else if (kind.x > 0 && detail > 0. && state > 0) c = picture(c);
  else {
    if (kind.y > 0 && state > 0) c = over(c, tints[kind.y], cover(shape(at) - 3.4));
    c = mark(c, at, 1.);
    if (state == 0) {
      float bang = min(box(at - vec2(0., 1.6), vec2(1.15, 3.4), 1.), length(at + vec2(0., 4.3)) - 1.4);
      c = over(c, vec3(1.), cover(bang));
    }
  }
  if (c.a < .004) discard;
  float strength = (flags & 8) != 0 ? .22 : (flags & 1) != 0 && many == 1 ? .5 : 1.; // of a count only some are stale
  result = c * strength;
}`;
