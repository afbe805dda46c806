// @ts-check
// Commands of the dispatcher: where are you now, and how often to say so.

/** @typedef {{ id: string, name: string, args?: { seconds?: number } }} Command */
/** Outcomes are kept as words: "done", or why not. */
const FAILED = "failed: ";

/**
 * Carry it out; what happened, in words to keep.
 * @param {Command} command
 * @param {{ locate: () => Promise<void>, every: (seconds: number) => Promise<void> }} able
 * @returns {Promise<string>}
 */
export async function carryOut({ name, args = {} }, { locate, every }) {
  try {
    const { seconds = 0 } = args;
    if (name === "locate") await locate();
    else if (name === "interval" && Number.isInteger(seconds) && seconds > 0) await every(seconds);
    else return `${FAILED}unknown command`;
    return "done";
  } catch (error) {
    const why = /** @type {any} */ (error)?.message;
    return FAILED + (why || "no position");
  }
}

/** Its last receipt. @param {string} id @param {string} outcome */
export function receipt(id, outcome) {
  const failed = outcome.startsWith(FAILED);
  const told = failed ? { status: "failed", detail: outcome.slice(FAILED.length) } : { status: "done" };
  return { type: "receipt", id, ...told };
}
