// @ts-check
// One soft tone for a new reply, on devices where somebody has turned it on.

import { t } from "./i18n.js";
import { toast } from "./toast.js";

const NAME = "fleetline-chime";
const HERTZ = 660;
const LENGTH_S = 0.35;
const LOUDNESS = 0.12; // of full scale: the siren of an alarm is louder
const LOCK = "fleetline-chime"; // one tab of a browser sounds, not all

/** @type {AudioContext | null} */
let context = null;

function wanted() {
  try {
    return localStorage.getItem(NAME) === "on";
  } catch {
    return false;
  }
}

/** Sound, if somebody wants it and the browser lets the page be heard. */
export function chime() {
  if (!wanted()) return;
  const locks = navigator.locks;
  if (!locks) return tone();
  // Tabs that are told at the same time: the first one sounds, and holds the others off.
  locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    tone();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  });
}

function tone() {
  context ??= new AudioContext();
  const start = context.currentTime;
  const sound = new OscillatorNode(context, { frequency: HERTZ, type: "sine" });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setTargetAtTime(LOUDNESS, start, 0.015);
  volume.gain.setTargetAtTime(0, start + 0.1, 0.08);
  sound.connect(volume).connect(context.destination);
  sound.start(start);
  sound.stop(start + LENGTH_S);
}

function show() {
  for (const button of document.querySelectorAll("[data-chime]"))
    button.setAttribute("aria-pressed", String(wanted()));
}

if (globalThis.document) {
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element && target.closest("[data-chime]"))) return;
    const on = !wanted();
    try {
      localStorage.setItem(NAME, on ? "on" : "off");
    } catch {
      toast(t("This browser does not let the page remember it."));
    }
    if (on) tone();
    show();
  });
  show();
}
