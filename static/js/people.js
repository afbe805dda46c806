// @ts-check
// Small helps on the pages of people: everything there works without them.

document.documentElement.classList.add("scripted");

/** @template {Element} T @param {string} selector @returns {T[]} */
const all = (selector) => /** @type {T[]} */ ([...document.querySelectorAll(selector)]);

// The time zone is guessed where the server could only put its own.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of all("[data-guess-zone]")) {
  if (field instanceof HTMLInputElement) field.value ||= zone;
  if (field instanceof HTMLSelectElement && !field.dataset["chosen"]) {
    if ([...field.options].some(({ value }) => value === zone)) field.value = zone;
  }
}

for (const button of /** @type {HTMLButtonElement[]} */ (all("[data-show-password]"))) {
  const input = document.getElementById(button.dataset["showPassword"] ?? "");
  if (!(input instanceof HTMLInputElement)) continue;
  const words = [button.textContent, button.dataset["hide"] ?? ""];
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.textContent = words[shown ? 0 : 1] ?? "";
    input.focus();
  });
}

for (const button of /** @type {HTMLButtonElement[]} */ (all("[data-copy]"))) {
  const input = button.parentElement?.querySelector("input");
  if (!input) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
    } catch {
      document.execCommand("copy"); // without HTTPS there is no clipboard to write to
    }
    button.textContent = button.dataset["copy"] ?? "";
  });
}

for (const select of /** @type {HTMLSelectElement[]} */ (all("select[data-submit]"))) {
  select.addEventListener("change", () => select.form?.requestSubmit());
}

const forecast = /** @type {HTMLElement | null} */ (document.querySelector("[data-forecast]"));
if (forecast) {
  const { bytes, hours } = forecast.dataset;
  const [vehicles, every, gb] = ["vehicles", "every", "gb"].map((name) =>
    forecast.querySelector(`[data-${name}]`),
  );
  const fields = ["vehicles", "every"].map((name) => forecast.querySelector(`[data-forecast-${name}]`));
  const refresh = () => {
    const [count, seconds] = fields.map((field) => Number(/** @type {HTMLInputElement} */ (field).value));
    if (!count || !seconds || !vehicles || !every || !gb) return;
    const yearly = (count * 365 * Number(hours) * 3600 * Number(bytes)) / seconds / 1e9;
    const language = document.documentElement.lang;
    vehicles.textContent = count.toLocaleString(language);
    every.textContent = seconds.toLocaleString(language);
    gb.textContent = yearly.toLocaleString(language, { maximumSignificantDigits: 2 });
  };
  for (const field of fields) field?.addEventListener("input", refresh);
  for (const pair of forecast.querySelectorAll("[data-forecast-fields]")) pair.removeAttribute("hidden");
}
