// @ts-check
// What the page asks of the server beside its socket. Without network each says so, or that it is not known.

import { t } from "../i18n.js";

export const MOST_ITEMS = 10_000; // in one request
const { home = "/drive/", sharingPath = "", positionsPath = "" } = globalThis.document?.body?.dataset ?? {};

/** @param {string} token @param {string} path @param {object} content */
function post(token, path, content) {
  return fetch(path, {
    method: "POST",
    headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), "Content-Type": "application/json" },
    body: JSON.stringify(content),
  });
}

/**
 * What a code gives: a token, and of which device it is. Our own secret goes with it: when the answer
 * is lost, we may ask again.
 * @param {string} code @param {string} claim
 * @returns {Promise<{ token: string, uid: string, vehicle: string, fleet: string, apps: string }>}
 */
export async function exchange(code, claim) {
  let answer;
  try {
    answer = await post("", home + encodeURIComponent(code), { claim });
  } catch {
    throw new Error(t("No network. Try again."));
  }
  if (answer.status === 429) throw new Error(t("Too many tries. Wait a few minutes."));
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error?.detail ?? t("The server does not answer. Try again."));
  return said;
}

/** Whether a token is refused, and with which close code; 0: it is not, or nobody knows. @param {string} token @returns {Promise<0 | 4401 | 4403>} */
export async function refusal(token) {
  try {
    const { status } = await post(token, positionsPath, { items: [] });
    return status === 401 ? 4401 : status === 403 ? 4403 : 0;
  } catch {
    return 0;
  }
}

/** Tell that the driver shares, or stopped. @param {string} token @param {{ on: boolean, since: number }} sharing @returns {Promise<boolean>} whether it is known now */
export async function tellSharing(token, { on, since }) {
  try {
    return (await post(token, sharingPath, { sharing: on, time: new Date(since).toISOString() })).ok;
  } catch {
    return false;
  }
}

/** Send what a device has not sent, in its name. @param {string} token @param {any[]} fixes @param {any[]} said @returns {Promise<boolean>} whether nothing is left */
export async function handOver(token, fixes, said) {
  if (fixes.length > MOST_ITEMS) return false;
  const of = (/** @type {string} */ type) =>
    said.map(({ frame }) => frame).filter((frame) => frame.type === type);
  const content = { items: fixes, receipts: of("receipt"), replies: of("reply") };
  try {
    return (await post(token, positionsPath, content)).ok;
  } catch {
    return false;
  }
}
