// @ts-check
// Texts in the reader's language: Django's catalogue, which base.html puts into the page.
// `manage.py makemessages -d djangojs` finds what t() and n() are called with.

/** @type {{ language?: string, texts?: Record<string, string | string[]>, plurals?: string, [setting: string]: any }} */
export const page = JSON.parse(globalThis.document?.getElementById("page-data")?.textContent ?? "{}");

/** For Intl: the language of the page; numbers and dates as the reader's browser has them where that agrees. */
export const locale =
  globalThis.navigator?.languages?.find((tag) => tag.split("-")[0] === page.language?.split("-")[0]) ??
  page.language ??
  "en";

/** @typedef {Record<string, string | number>} Values */

/** @param {string} text @param {Values} [values] */
function fill(text, values) {
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole)) : text;
}

/** "Retrying in {seconds} s", filled in. @param {string} text English @param {Values} [values] by name */
export function t(text, values) {
  const found = page.texts?.[text];
  return fill(typeof found === "string" && found ? found : text, values);
}

/**
 * "{n} vehicle" or "{n} vehicles".
 * @param {string} singular @param {string} plural @param {number} count @param {Values} [values] besides {n}
 */
export function n(singular, plural, count, values) {
  const forms = page.texts?.[singular];
  const form = Number(page.plurals?.[count < 200 ? count : 100 + (count % 100)] ?? 0);
  const text = (Array.isArray(forms) && forms[form]) || (count === 1 ? singular : plural);
  return fill(text, { n: count.toLocaleString(locale), ...values });
}
