// @ts-check
// Reading aloud, so that the eyes stay on the road.

import { page } from "../i18n.js";

/** @param {string} text */
export function read(text) {
  const voice = globalThis.speechSynthesis;
  if (!voice) return false;
  voice.cancel();
  const words = new SpeechSynthesisUtterance(text);
  words.lang = page.language ?? "en";
  voice.speak(words);
  return true;
}

/** @type {AudioContext | undefined} */
let sound;

/** Two short tones and a buzz: a message is here. Silent until the page was touched once. */
export function chime() {
  navigator.vibrate?.([120, 80, 120]);
  if (!("AudioContext" in globalThis)) return;
  sound ??= new AudioContext();
  for (const [at, hertz] of [
    [0, 740],
    [0.16, 988],
  ]) {
    const [tone, volume] = [sound.createOscillator(), sound.createGain()];
    const start = sound.currentTime + at;
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.2, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.15);
    tone.connect(volume).connect(sound.destination);
    tone.start(start);
    tone.stop(start + 0.15);
  }
}

export const canRead = () => "speechSynthesis" in globalThis;
