"""Where a simulated vehicle is at any moment: a pure function of its seed and the time.

Time is cut into rounds of ROUND_S. A round leaves the depot, visits 6 to 12 stops and comes
back; a vehicle has ROUNDS of them and drives them in turn for ever. So the past and the
future come from the same function, a restart continues where the vehicle is, and the
odometer is exact at any time without having driven all the way there.
"""

import bisect
import math
import random
from array import array
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from tracking.simulation.roads import METRES_PER_DEGREE, Edge, Point, Roads, metres

INTERVAL_S = 5.0
ROUND_S = 7200
ROUNDS = 4
STOPS = (6, 12)
DWELL_S, USUAL_DWELL_S = (120.0, 900.0), 180.0
HOMEWARD = 1.8  # a drive home takes at most so many times what free roads would allow
IDLE_BELOW_S = 240.0  # the engine of a shorter stop keeps running
WAIT_S = (4.0, 28.0)
WAIT_CHANCE = 0.16
ACCELERATION, BRAKING, SIDEWAYS = 1.3, 1.8, 2.2  # m/s²
CRAWL = 1.8  # m/s, around the sharpest corner
EPOCH_S = 1_767_225_600  # 2026-01-01: odometers count from here
HEADING_OVER_M = 6.0


class State(NamedTuple):
    place: Point
    speed: float  # m/s
    heading: float  # degrees clockwise from true north
    driven: float  # metres since the beginning of the leg or round
    ignition: bool


@dataclass(frozen=True, slots=True)
class Leg:
    """One drive from stop to stop: pieces of even acceleration along a line."""

    line: tuple[Point, ...]
    reached: "array[float]"  # metres at each point of the line
    times: "array[float]"  # seconds at which each piece begins; the last one ends the leg
    places: "array[float]"  # metres at the beginning of each piece
    speeds: "array[float]"  # m/s at the beginning of each piece
    gains: "array[float]"  # m/s² in each piece

    @property
    def seconds(self) -> float:
        return self.times[-1]

    @property
    def metres(self) -> float:
        return self.reached[-1]

    def at(self, seconds: float) -> State:
        piece = max(min(bisect.bisect_right(self.times, seconds), len(self.gains)) - 1, 0)
        passed = min(max(seconds, 0.0), self.seconds) - self.times[piece]
        speed, gain = self.speeds[piece], self.gains[piece]
        driven = self.places[piece] + speed * passed + gain * passed * passed / 2
        back, ahead = self._point(driven - HEADING_OVER_M / 2), self._point(driven + HEADING_OVER_M / 2)
        return State(
            self._point(driven), max(speed + gain * passed, 0.0), bearing(back, ahead), driven, ignition=True
        )

    def _point(self, driven: float) -> Point:
        driven = min(max(driven, 0.0), self.metres)
        last = max(min(bisect.bisect_right(self.reached, driven), len(self.line) - 1), 1)
        begin, length = self.reached[last - 1], self.reached[last] - self.reached[last - 1]
        share = (driven - begin) / length if length else 0.0
        (x, y), (to_x, to_y) = self.line[last - 1], self.line[last]
        return x + (to_x - x) * share, y + (to_y - y) * share


def bearing(a: Point, b: Point) -> float:
    east = (b[0] - a[0]) * math.cos(math.radians(a[1]))
    return math.degrees(math.atan2(east, b[1] - a[1])) % 360


def drive(way: list[Edge], roads: Roads, rng: random.Random, *, pace: float = 1.0) -> Leg:
    """Drive a way: slower in bends, standing at some crossings, at rest at both ends."""
    line: list[Point] = [way[0].line[0]]
    limits: list[float] = []  # m/s on the way to the next point
    waits: dict[int, float] = {}  # seconds at a point
    for edge in way:
        for point in edge.line[1:]:
            if point != line[-1]:
                line.append(point)
                limits.append(edge.speed * pace)
        if edge is not way[-1] and roads.crossing(edge.end) and rng.random() < WAIT_CHANCE:
            waits[len(line) - 1] = rng.uniform(*WAIT_S)
    lengths = [metres(*pair) for pair in pairwise(line)]
    speeds = _speeds(line, lengths, limits, waits)
    times, places, starts, gains = array("d", [0.0]), array("d", [0.0]), array("d"), array("d")
    for index, (length, limit) in enumerate(zip(lengths, limits, strict=True)):
        wait = (waits.get(index, 0.0), 0.0, 0.0)
        for seconds, speed, gain in (wait, *_stretch(length, limit, speeds[index], speeds[index + 1])):
            if seconds > 0:
                starts.append(speed)
                gains.append(gain)
                times.append(times[-1] + seconds)
                places.append(places[-1] + speed * seconds + gain * seconds * seconds / 2)
    return Leg(tuple(line), array("d", accumulate(lengths, initial=0.0)), times, places, starts, gains)


def _stretch(
    length: float, limit: float, first: float, last: float
) -> tuple[tuple[float, float, float], ...]:
    """Accelerate, keep the speed, brake: (seconds, speed at the beginning, acceleration) of each."""
    top = (2 * ACCELERATION * BRAKING * length + BRAKING * first**2 + ACCELERATION * last**2) / (
        ACCELERATION + BRAKING
    )
    peak = max(min(limit, math.sqrt(top)), first, last)
    rest = length - (peak**2 - first**2) / (2 * ACCELERATION) - (peak**2 - last**2) / (2 * BRAKING)
    return (
        ((peak - first) / ACCELERATION, first, ACCELERATION),
        (rest / peak, peak, 0.0),
        ((peak - last) / BRAKING, peak, -BRAKING),
    )


def _speeds(
    line: list[Point], lengths: list[float], limits: list[float], waits: dict[int, float]
) -> list[float]:
    """Speed at each point: what its bend allows, and what can be reached and braked from."""
    speeds = [0.0] * len(line)
    for at in range(1, len(line) - 1):
        if at not in waits:
            radius = _radius(
                bearing(line[at - 1], line[at]), bearing(line[at], line[at + 1]), lengths[at - 1 : at + 1]
            )
            bend = max(math.sqrt(SIDEWAYS * radius), CRAWL) if radius < math.inf else math.inf
            speeds[at] = min(limits[at - 1], limits[at], bend)
    for at, length in enumerate(lengths):
        speeds[at + 1] = min(speeds[at + 1], math.sqrt(speeds[at] ** 2 + 2 * ACCELERATION * length))
    for at in range(len(lengths) - 1, -1, -1):
        speeds[at] = min(speeds[at], math.sqrt(speeds[at + 1] ** 2 + 2 * BRAKING * lengths[at]))
    return speeds


def _radius(before: float, after: float, lengths: list[float]) -> float:
    """Radius in metres of the circle that rounds a corner off within half its shorter side."""
    turn = abs((after - before + 180) % 360 - 180)
    if turn < 1:
        return math.inf
    return min(min(lengths) / 2, 25.0) / math.tan(math.radians(turn) / 2) if turn < 179 else 0.0


class Round(NamedTuple):
    """What happens when, in seconds since the round began: legs, and stands between them."""

    starts: list[float]
    legs: list[Leg | Point]  # a point: stands there
    ignitions: list[bool]
    driven: list[float]  # metres driven in the round when each begins
    metres: float

    def then(self, start: float, leg: Leg | Point, driven: float, *, ignition: bool = True) -> "Round":
        """Add what begins at `start`; returns the round with its new length."""
        self.starts.append(start)
        self.legs.append(leg)
        self.ignitions.append(ignition)
        self.driven.append(driven)
        return self._replace(metres=driven)

    def at(self, seconds: float) -> State:
        index = bisect.bisect_right(self.starts, seconds) - 1
        leg, driven = self.legs[index], self.driven[index]
        if isinstance(leg, Leg):
            state = leg.at(seconds - self.starts[index])
            return state._replace(driven=driven + state.driven)
        before = self.legs[index - 1] if index else None
        heading = before.at(before.seconds).heading if isinstance(before, Leg) else 0.0
        return State(leg, 0.0, heading, driven, self.ignitions[index])


class Itinerary:
    """The rounds of one vehicle, and the fix that its device makes at any time."""

    def __init__(
        self, seed: int, roads: Roads, *, depot: int, places: list[int], interval_s: float = INTERVAL_S,
        stays: bool = False,
    ) -> None:  # fmt: skip
        rng = random.Random(f"vehicle {seed}")
        self.interval_ms = round(interval_s * 1000)
        self.stays = stays
        self._seed, self._roads, self._depot, self._places = seed, roads, depot, places
        self._pace = rng.uniform(0.9, 1.06)
        self._shift_s = rng.uniform(0, ROUND_S)
        self._slot_ms = rng.randrange(self.interval_ms)
        self._odometer_m = rng.uniform(10e6, 90e6)
        self._waves = [(rng.uniform(40, 400), rng.uniform(0, math.tau)) for _ in range(4)]
        self._rounds: dict[int, Round] = {}
        self._lengths: list[float] = []

    def times(self, start_ms: int, end_ms: int) -> range:
        """The moments of its fixes from start (included) to end (not included)."""
        first = start_ms + (self._slot_ms - start_ms) % self.interval_ms
        return range(first, end_ms, self.interval_ms)

    def state(self, time_ms: int) -> State:
        """Return where it is; `driven` is the odometer."""
        if self.stays:
            return State(self._roads.points[self._depot], 0.0, 0.0, self._odometer_m, ignition=False)
        number, seconds = divmod(time_ms / 1000 - EPOCH_S + self._shift_s, ROUND_S)
        turns, which = divmod(int(number), ROUNDS)
        state = self._round(which).at(seconds)
        before = turns * sum(self._lengths) + sum(self._lengths[:which])
        return state._replace(driven=self._odometer_m + before + state.driven)

    def fix(self, time_ms: int) -> dict[str, Any]:
        """Return the position as it goes over the wire, with a receiver's small errors."""
        state = self.state(time_ms)
        seconds = time_ms / 1000
        wave = [math.sin(seconds / period + shift) for period, shift in self._waves]
        longitude, latitude = state.place
        return {
            "time": time_ms,
            "latitude": round(latitude + (1.3 * wave[0] + 0.7 * wave[1]) / METRES_PER_DEGREE, 6),
            "longitude": round(longitude + (1.3 * wave[1] + 0.7 * wave[2]) / METRES_PER_DEGREE * 1.87, 6),
            "speed": round(state.speed, 2),
            "heading": round(state.heading, 1) % 360,
            "altitude": round(altitude(state.place) + wave[3], 1),
            "accuracy": round(4 + wave[2] + wave[3] / 2, 1),
            "battery": round(88 + 9 * wave[0]) if not self.stays else 17,
            "ignition": state.ignition,
            "odometer": round(state.driven, 1),
        }

    def _round(self, which: int) -> Round:
        """Plan a round at its first use. Two are kept: a list of each is some hundred kilobytes."""
        if not self._lengths:
            self._lengths = [self._plan(number).metres for number in range(ROUNDS)]
        if which not in self._rounds:
            while len(self._rounds) >= 2:
                del self._rounds[next(iter(self._rounds))]
            self._rounds[which] = self._plan(which)
        return self._rounds[which]

    def _plan(self, which: int) -> Round:
        rng = random.Random(f"vehicle {self._seed} round {which}")
        stops = rng.sample(self._places, min(rng.randint(*STOPS), len(self._places)))
        plan = Round([0.0], [self._roads.points[self._depot]], [False], [0.0], 0.0)
        clock, driven, here = rng.uniform(30, 300), 0.0, self._depot
        for stop in [*stops, self._depot]:
            if stop == here:
                continue
            leg = self._leg(here, stop, rng)
            home = HOMEWARD * sum(edge.metres / edge.speed for edge in self._roads.route(stop, self._depot))
            stand = rng.triangular(*DWELL_S, USUAL_DWELL_S)
            if stop != self._depot and clock + leg.seconds + stand + home > ROUND_S - DWELL_S[0]:
                continue
            plan = plan.then(clock, leg, driven)
            clock, driven, here = clock + leg.seconds, driven + leg.metres, stop
            plan = plan.then(clock, self._roads.points[stop], driven, ignition=stand < IDLE_BELOW_S)
            clock += stand
        plan.ignitions[-1] = False
        return plan

    def _leg(self, start: int, end: int, rng: random.Random) -> Leg:
        return drive(self._roads.route(start, end), self._roads, rng, pace=self._pace)


def altitude(place: Point) -> float:
    """Hills of 5 to 75 metres, made up but the same at every visit."""
    return 40 + 20 * math.sin(place[0] * 190) + 15 * math.cos(place[1] * 310)
