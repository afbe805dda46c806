// @ts-check
// The vehicle layer's two programs. Sizes in CSS pixels; a marker's quad is 2 × REACH wide.

export const REACH = 26;

export const VERTEX = `#version 300 es
layout(location=0) in vec4 way;      // from and to, relative to the origin
layout(location=1) in vec4 pace;     // begin, duration, heading, turn
layout(location=2) in vec2 look;     // state, flags
uniform mat4 matrix;
uniform vec2 pixel;                  // one CSS pixel in clip space
uniform float now;
uniform float bearing;
out vec2 at;
flat out float angle;
flat out int state;
flat out int flags;
void main() {
  float k = pace.y > 0. ? clamp((now - pace.x) / pace.y, 0., 1.) : 1.;
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2. - 1.;
  at = corner * ${REACH}.;
  angle = radians(pace.z + pace.w * k - bearing);
  state = int(look.x);
  flags = int(look.y);
  vec4 place = matrix * vec4(mix(way.xy, way.zw, k), 0., 1.);
  place.xy += corner * ${REACH}. * pixel * place.w;
  gl_Position = place;
}`;

// Distances to shapes after Inigo Quilez, https://iquilezles.org/articles/distfunctions2d/
export const FRAGMENT = `#version 300 es
precision highp float;
in vec2 at;
flat in float angle;
flat in int state;
flat in int flags;
uniform vec3 colours[6];
uniform vec3 outline;
uniform vec3 selected;
uniform float ratio;
uniform float pulse;
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
float box(vec2 p, vec2 half_size, float radius) {
  vec2 q = abs(p) - half_size + radius;
  return length(max(q, 0.)) + min(max(q.x, q.y), 0.) - radius;
}
float cover(float d) { return clamp(.5 - d * ratio, 0., 1.); }
vec4 over(vec4 under, vec3 colour, float a) { return vec4(colour * a, a) + under * (1. - a); }

void main() {
  vec2 p = vec2(at.x * cos(angle) - at.y * sin(angle), at.x * sin(angle) + at.y * cos(angle));
  vec3 colour = colours[state];
  float d;
  float hole = 1e3;
  if (state == 0) d = length(at) - 9.;
  else if (state == 1) d = arrow(p);
  else if (state == 2) d = length(at) - 6.;
  else if (state == 3) d = box(at, vec2(5.4), 1.6);
  else { d = length(at) - 6.; hole = length(at) - 3.4; }
  float strength = (flags & 1) != 0 ? .5 : 1.;
  vec4 c = vec4(0.);
  if (state == 0) {
    c = over(c, colour, .5 * (1. - pulse) * cover(length(at) - 12. - 13. * pulse));
    c = over(c, colour, .22 * cover(length(at) - 18.));
    c = over(c, colour, .55 * cover(abs(length(at) - 18.) - .6));
  }
  if ((flags & 2) != 0) {
    c = over(c, selected, .20 * cover(length(at) - 21.));
    c = over(c, selected, cover(abs(length(at) - 21.) - 1.1));
  } else if ((flags & 4) != 0) c = over(c, selected, cover(abs(length(at) - 15.) - .9));
  c = over(c, outline, .92 * cover(d - 1.7));
  c = over(c, colour, cover(d));
  if (hole < 10.) c = over(c, outline, cover(hole));
  if (state == 0) {
    float mark = min(box(at - vec2(0., 1.6), vec2(1.15, 3.4), 1.), length(at + vec2(0., 4.3)) - 1.4);
    c = over(c, vec3(1.), cover(mark));
  }
  if (c.a < .004) discard;
  result = c * strength;
}`;
