// @ts-check
// The page of conversations: which one is open, the search, and one thing at a time on a phone.

import { t } from "./i18n.js";
import { keys } from "./page.js";

const TYPING_MS = 250;
const threads = () => /** @type {HTMLElement} */ (document.getElementById("threads"));
const pane = /** @type {HTMLElement} */ (document.getElementById("conversation"));
const search = /** @type {HTMLInputElement} */ (document.getElementById("inbox-search"));
/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;

/** What is asked for last is shown: the place says so (hx-sync). @param {string} address @param {string} target @param {string} swap @returns {Promise<void>} */
const fetchInto = (address, target, swap) =>
  // @ts-expect-error htmx is a classic script
  window.htmx.ajax("GET", address, { source: target, target, swap });

/** @returns {URLSearchParams} what the address asks for */
const asked = () => new URLSearchParams(location.search);

/** @param {Record<string, string>} changes "": no longer asked for @returns {string} */
function address(changes) {
  const query = asked();
  for (const [name, value] of Object.entries(changes))
    if (value) query.set(name, value);
    else query.delete(name);
  const text = query.toString();
  return location.pathname + (text ? `?${text}` : "");
}

// --- one conversation -------------------------------------------------------------------------

/** Show the conversation of the address, or none. @param {{ count?: string, at?: string }} [where] */
async function show({ count = "", at = "" } = {}) {
  const id = asked().get("v") ?? "";
  if (id) pane.dataset["open"] = id;
  else delete pane.dataset["open"];
  mark();
  pane.setAttribute("aria-busy", "true");
  try {
    await fetchInto(
      `/messages/?${new URLSearchParams({ v: id, ...(count ? { count } : {}) })}`,
      "#conversation",
      "innerHTML",
    );
  } finally {
    if ((asked().get("v") ?? "") === id) pane.removeAttribute("aria-busy");
  }
  if ((asked().get("v") ?? "") !== id) return; // another one was asked for meanwhile
  const found = at ? document.getElementById(at) : null;
  found?.scrollIntoView({ block: "center" });
  found?.classList.add("bubble-found");
  const name = pane.querySelector(".conversation-name")?.textContent?.trim();
  document.title = [name, t("Messages"), "Fleetline"].filter(Boolean).join(" – ");
  // On a phone the conversation took the list's place. The keyboard waits until somebody wants to write.
  if (document.activeElement === document.body || !threads().checkVisibility())
    /** @type {HTMLElement | null} */ (pane.querySelector(".thread-scroll"))?.focus({ preventScroll: true });
}

/** Which row is open: the server does not know when it draws the list again. */
function mark() {
  for (const row of threads().querySelectorAll("[data-open-thread]:not([data-at])"))
    if (row.getAttribute("data-open-thread") === pane.dataset["open"])
      row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const row = target.closest("[data-open-thread]");
  const shut = target.closest("[data-close-thread]");
  const which = target.closest("[data-threads]");
  if (!row && !shut && !which) return;
  event.preventDefault();
  if (which) {
    const clears = which.closest(".threads-empty") !== null;
    if (clears) search.value = "";
    history.replaceState(
      null,
      "",
      address({ show: which.getAttribute("data-threads") ?? "", ...(clears ? { q: "" } : {}) }),
    );
    return list();
  }
  const id = row?.getAttribute("data-open-thread") ?? "";
  if (id !== (asked().get("v") ?? "")) history.pushState(null, "", address({ v: id }));
  show({ count: row?.getAttribute("data-count") ?? "", at: row?.getAttribute("data-at") ?? "" });
});

addEventListener("popstate", () => {
  search.value = asked().get("q") ?? "";
  list();
  show();
});

// --- the list ---------------------------------------------------------------------------------

function list() {
  const { search: query } = location;
  return fetchInto(`/messages/threads/${query}`, "#threads", "outerMorph");
}

search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    history.replaceState(null, "", address({ q: search.value.trim() }));
    list();
  }, TYPING_MS);
});
search.form?.addEventListener("submit", (event) => {
  event.preventDefault();
  /** @type {HTMLElement | null} */ (threads().querySelector("[data-open-thread]"))?.click();
});

/** @param {number} step */
function move(step) {
  const rows = [...threads().querySelectorAll("[data-open-thread]")];
  const now = rows.findIndex((row) => row.hasAttribute("aria-current"));
  /** @type {HTMLElement | undefined} */ (rows[Math.max(0, now + step)])?.click();
}

keys.bind([
  { keys: ["/"], words: t("search"), run: () => search.focus() },
  { keys: ["j"], words: t("next conversation"), run: () => move(1) },
  { keys: ["k"], words: t("previous conversation"), run: () => move(-1) },
  {
    keys: ["m"],
    words: t("write"),
    run: () => /** @type {HTMLElement | null} */ (pane.querySelector(".composer textarea"))?.focus(),
  },
]);

for (const event of ["htmx:after:swap", "htmx:after:settle"]) document.addEventListener(event, mark);
mark();
const found = location.hash.startsWith("#message-") && document.getElementById(location.hash.slice(1));
if (found) found.classList.add("bubble-found");
