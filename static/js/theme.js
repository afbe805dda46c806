// @ts-check
// The colour scheme, set before the first paint: automatic, or what the reader chose. A classic script.
(() => {
  const KEY = "fleetline:theme";
  const SCHEMES = ["auto", "light", "dark"];
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  const chosen = () => {
    const said = localStorage.getItem(KEY) ?? "auto";
    return SCHEMES.includes(said) ? said : "auto";
  };

  const apply = () => {
    const theme = chosen();
    root.dataset.theme = theme;
    root.dataset.scheme = theme === "auto" ? (system.matches ? "dark" : "light") : theme;
    for (const button of document.querySelectorAll("[data-set-theme]")) {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-set-theme") === theme));
    }
    document.dispatchEvent(new CustomEvent("scheme", { detail: root.dataset.scheme }));
  };

  /** @param {string} theme */
  const choose = (theme) => {
    localStorage.setItem(KEY, theme);
    apply();
  };

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-set-theme]") : null;
    if (button) choose(button.getAttribute("data-set-theme") ?? "auto");
  });
  // The key d asks for it.
  document.addEventListener("toggle-scheme", () => choose(root.dataset.scheme === "dark" ? "light" : "dark"));
  document.addEventListener("DOMContentLoaded", apply);
  system.addEventListener("change", apply);
  apply();
})();
