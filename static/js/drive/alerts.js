// @ts-check
// The driver's SOS: sending, received, seen; or only said, by a phone that never knew its place. Pure.

/** @typedef {{ time: number, state: "sending" | "received" | "seen" | "said", at: number, by: string }} Sos times in ms */

/** @param {number} time of its fix @returns {Sos} */
export const raised = (time) => ({ time, state: "sending", at: time, by: "" });

/** Its fix is in the journal. @param {Sos | null} sos @param {number[]} times of fixes that were acked @param {number} now */
export function acked(sos, times, now) {
  if (sos?.state !== "sending" || !times.includes(sos.time)) return sos;
  return /** @type {Sos} */ ({ ...sos, state: "received", at: now });
}

/**
 * A person took an alarm of the vehicle: this one, when it is of this time or later.
 * @param {Sos | null} sos
 * @param {{ kind: string, status: string, by: string | null, at: string | null, last_time: string }} alert
 */
export function taken(sos, { kind, status, by, at, last_time }) {
  if (!sos || sos.state === "said" || kind !== "sos" || status === "open" || Date.parse(last_time) < sos.time)
    return sos;
  return /** @type {Sos} */ ({ ...sos, state: "seen", at: Date.parse(at ?? last_time), by: by ?? "" });
}
