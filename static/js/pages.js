// @ts-check
// What server-rendered pages need of the browser: its clocks, its time zone, a count of characters.
// Everything works without it, in UTC.

import { zone } from "./format.js";
import { locale } from "./i18n.js";

/** @param {Intl.DateTimeFormatOptions} options */
const on = (options) => new Intl.DateTimeFormat(locale, { hourCycle: "h23", timeZone: zone, ...options });
const clock = on({ hour: "2-digit", minute: "2-digit" });
const day = on({ day: "numeric", month: "long", year: "numeric" });
const short = on({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** @param {Date} time @param {string} style */
function words(time, style) {
  if (style === "day") return day.format(time);
  const today = day.format(time) === day.format(new Date());
  return (style === "moment" && !today ? short : clock).format(time);
}

/** Write the times of `root` on the clocks of the reader. @param {ParentNode} root */
function localise(root) {
  for (const element of root.querySelectorAll("time[data-local]")) {
    const time = new Date(element.getAttribute("datetime") ?? "");
    const text = words(time, element.getAttribute("data-local") ?? "");
    if (element.textContent !== text) element.textContent = text;
  }
  for (const element of root.querySelectorAll("[data-zone]")) {
    if (element.textContent !== zone) element.textContent = zone;
  }
  for (const input of root.querySelectorAll("form[data-export] input[name=zone]")) {
    /** @type {HTMLInputElement} */ (input).value = zone;
  }
  for (const form of root.querySelectorAll("form[data-composer]"))
    count(/** @type {HTMLFormElement} */ (form));
}

/** @param {HTMLFormElement} form */
function count(form) {
  const text = form.querySelector("textarea");
  const output = form.querySelector("output[data-count]");
  if (!text || !output) return;
  const said = `${text.value.length}/${text.maxLength}`;
  if (output.textContent !== said) output.textContent = said;
  output.classList.toggle("composer-full", text.value.length > 0.95 * text.maxLength);
}

document.addEventListener("input", (event) => {
  const form = event.target instanceof Element ? event.target.closest("form[data-composer]") : null;
  if (form instanceof HTMLFormElement) count(form);
  const range = event.target instanceof Element ? event.target.closest("form[data-export] .range") : null;
  const choice = range?.parentElement?.querySelector("input[value=range]");
  if (choice instanceof HTMLInputElement) choice.checked = true;
});

// Signing in again in another tab changes the token: forms of this page take the newest one.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target instanceof HTMLFormElement ? event.target : null;
    const input = form?.querySelector("input[name=csrfmiddlewaretoken]");
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
    if (token && input instanceof HTMLInputElement) input.value = token;
  },
  true,
);

// Enter sends, Shift+Enter breaks the line; an input method's own Enter is left alone.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (!(event.target instanceof HTMLTextAreaElement)) return;
  const form = event.target.closest("form[data-composer]");
  if (!(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  form.requestSubmit();
});

// A fragment brings the server's clock with it, and a morph puts it back where it was.
for (const event of ["htmx:after:settle", "htmx:after:process"]) {
  document.addEventListener(event, () => localise(document));
}
localise(document);
