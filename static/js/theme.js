// @ts-check
// Runs before the page is painted, so that a chosen scheme never flashes. A classic script.
(() => {
  const KEY = "fleetline-scheme";
  const ORDER = ["auto", "light", "dark"];
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

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
    document.dispatchEvent(new CustomEvent("scheme"));
  };

  /** @param {string} scheme */
  const choose = (scheme) => {
    try {
      localStorage.setItem(KEY, scheme);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    apply(scheme);
  };

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-scheme-switch]") : null;
    if (button) choose(ORDER[(ORDER.indexOf(root.dataset["scheme"] ?? "auto") + 1) % ORDER.length]);
  });
  // The key d: from what is seen to the other.
  document.addEventListener("switch-scheme", () => {
    const { scheme } = root.dataset;
    choose(scheme === "dark" || (scheme !== "light" && system.matches) ? "light" : "dark");
  });
  apply(chosen());
})();
