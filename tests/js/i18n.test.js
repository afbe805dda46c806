import assert from "node:assert/strict";
import { test } from "node:test";
import { n, page, t } from "../../static/js/i18n.js";

test("without a catalogue, English is said", () => {
  assert.equal(t("Retrying in {seconds} s", { seconds: 4 }), "Retrying in 4 s");
  assert.equal(n("{n} vehicle", "{n} vehicles", 1), "1 vehicle");
  assert.equal(n("{n} vehicle", "{n} vehicles", 1204), "1,204 vehicles");
});

test("the catalogue's text is filled in, and a missing or empty one is English", () => {
  page.texts = { "Retrying in {seconds} s": "{seconds} 秒后重试", Live: "" };
  assert.equal(t("Retrying in {seconds} s", { seconds: 4 }), "4 秒后重试");
  assert.equal(t("Live"), "Live");
  assert.equal(t("{unknown} stays", { other: 1 }), "{unknown} stays");
});

test("the plural form is the one the language has for the number", () => {
  // Polish: 1; 2–4 but not 12–14; all others.
  const form = (i) => (i === 1 ? 0 : i % 10 >= 2 && i % 10 <= 4 && (i % 100 < 12 || i % 100 > 14) ? 1 : 2);
  page.plurals = Array.from({ length: 200 }, (_, i) => form(i)).join("");
  page.texts = { "{n} vehicle": ["{n} pojazd", "{n} pojazdy", "{n} pojazdów"] };
  const said = (count) => n("{n} vehicle", "{n} vehicles", count).split(" ")[1];
  for (let count = 0; count < 1500; count++)
    assert.equal(said(count), ["pojazd", "pojazdy", "pojazdów"][form(count)], String(count));
});
