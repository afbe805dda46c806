// @ts-check
// Runs before the page is painted, so that a chosen scheme never flashes. A classic script.
(() => {
  const KEY = "fleetline-scheme";
  const SCHEMES = ["auto", "light", "dark"];
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
    root.dataset["scheme"] = SCHEMES.includes(scheme) ? scheme : "auto";
    for (const button of document.querySelectorAll("[data-set-scheme]")) {
      const pressed = button.getAttribute("data-set-scheme") === root.dataset["scheme"];
      button.setAttribute("aria-pressed", String(pressed));
    }
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
    const button = event.target instanceof Element ? event.target.closest("[data-set-scheme]") : null;
    if (button) choose(button.getAttribute("data-set-scheme") ?? "auto");
  });
  document.addEventListener("switch-scheme", () => {
    const { scheme } = root.dataset;
    choose(scheme === "dark" || (scheme !== "light" && system.matches) ? "light" : "dark");
  });
  document.addEventListener("DOMContentLoaded", () => apply(chosen()));
  apply(chosen());
})();
