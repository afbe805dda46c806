// @ts-check
// Tabs whose panels htmx fetches: which one is chosen, and the arrow keys between them.

/** @param {Element} tab */
function choose(tab) {
  const tabs = tab.closest("[role=tablist]")?.querySelectorAll("[role=tab]") ?? [];
  for (const one of tabs) {
    one.setAttribute("aria-selected", String(one === tab));
    one.setAttribute("tabindex", one === tab ? "0" : "-1");
  }
  const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
  panel?.setAttribute("aria-labelledby", tab.id);
}

/** Turn to a tab and wait for what is in it. @param {Element} around @param {string} name */
export async function turn(around, name) {
  const tab = around.querySelector(`[role=tab][data-tab=${name}]`);
  if (!tab || tab.getAttribute("aria-selected") === "true") return;
  choose(tab);
  const target = `#${tab.getAttribute("aria-controls")}`;
  // @ts-expect-error htmx is a classic script
  await window.htmx.ajax("GET", tab.getAttribute("hx-get"), { source: tab, target, swap: "innerHTML" });
}

if (globalThis.document) {
  document.addEventListener("click", ({ target }) => {
    const tab = target instanceof Element ? target.closest("[role=tab]") : null;
    if (tab) choose(tab);
  });
  document.addEventListener("keydown", (event) => {
    const tab = event.target instanceof Element ? event.target.closest("[role=tab]") : null;
    const steps = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!tab || !steps) return;
    const tabs = [...(tab.parentElement?.querySelectorAll("[role=tab]") ?? [])];
    const next = /** @type {HTMLElement} */ (tabs[(tabs.indexOf(tab) + steps + tabs.length) % tabs.length]);
    event.preventDefault();
    next.focus();
    next.click();
  });
}
