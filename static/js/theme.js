// @ts-check
// Runs before the page is painted, so that a chosen scheme never flashes.
(() => {
  const KEY = "fleetline-scheme";
  const ORDER = ["auto", "light", "dark"];
  const root = document.documentElement;
  /** @returns {string} */
  const chosen = () => {
    try {
      return localStorage.getItem(KEY) ?? "auto";
    } catch {
      return "auto";
    }
  };
  /** @param {string} scheme */
  const apply = (scheme) => {
    root.dataset["scheme"] = ORDER.includes(scheme) ? scheme : "auto";
  };
  apply(chosen());
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-scheme-switch]") : null;
    if (!button) return;
    const next = ORDER[(ORDER.indexOf(root.dataset["scheme"] ?? "auto") + 1) % ORDER.length];
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    apply(next);
    document.dispatchEvent(new CustomEvent("scheme"));
  });
})();
