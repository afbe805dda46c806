// @ts-check
// The pages as an app: the worker that keeps their shell, the colour of the window, the offer to install.

const root = document.documentElement;
const CHECK_MS = 3_600_000; // a page may stay open for days

async function register() {
  const worker = navigator.serviceWorker;
  if (!worker) return; // no HTTPS, or a private window
  const before = worker.controller;
  // Another worker has taken over: the files of this page are those of the version before.
  worker.addEventListener("controllerchange", () => {
    if (before) root.dataset["newer"] = "";
  });
  const registration = await worker.register("/sw.js", { updateViaCache: "none" });
  const check = () => registration.update().catch(() => {}); // offline: the next time
  setInterval(check, CHECK_MS);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && check());
}

/** The window's frame has the colour of the header, whichever scheme was chosen. */
function colour() {
  const top = document.querySelector(".top");
  if (!top) return;
  const { backgroundColor } = getComputedStyle(top);
  for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
    meta.setAttribute("content", backgroundColor);
  }
}

/** @type {any} what the browser gave to ask the person with */
let offer = null;
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  offer = event;
  for (const button of document.querySelectorAll("[data-install]")) button.removeAttribute("hidden");
});
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-install]") : null;
  if (!button || !offer) return;
  offer.prompt();
  offer = null;
  for (const other of document.querySelectorAll("[data-install]")) other.setAttribute("hidden", "");
});

document.addEventListener("scheme", colour);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", colour);
colour();
register().catch((error) => console.info("Fleetline works without its service worker:", error.message));
