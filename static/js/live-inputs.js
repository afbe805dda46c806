// @ts-check
// What people press and type on the live page.

/**
 * @param {HTMLInputElement} search @param {HTMLSelectElement} sorting
 * @param {Record<string, () => void>} actions by data-do
 * @param {object} on
 * @param {(target: Element) => unknown} on.onPress anything else was clicked: a chip, perhaps
 * @param {(vehicle: number) => boolean} on.onShow a link to a vehicle was; whether it is shown here
 * @param {(query: string) => void} on.onQuery
 * @param {(sort: import("./filter.js").Sort) => void} on.onSort
 * @param {() => unknown} on.onEnter in the search box
 */
export function listenTo(search, sorting, actions, { onPress, onShow, onQuery, onSort, onEnter }) {
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    onPress(target);
    actions[target.closest("[data-do]")?.getAttribute("data-do") ?? ""]?.();
    const link = target.closest("[data-show]");
    if (link && onShow(Number(link.getAttribute("data-show")))) event.preventDefault();
  });
  search.addEventListener("input", () => onQuery(search.value));
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) onEnter();
  });
  sorting.addEventListener("change", () => {
    onSort(/** @type {import("./filter.js").Sort} */ (sorting.value));
  });
}

/** Show that something is on, on its buttons. @param {string} what data-do @param {boolean} on */
export function pressed(what, on) {
  for (const button of document.querySelectorAll(`[data-do=${what}]`))
    button.setAttribute("aria-pressed", String(on));
}
