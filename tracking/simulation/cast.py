"""Who drives in the demo: made-up names, plates and numbers. The numbers are the ones that
the Swedish regulator keeps free for films."""

from typing import NamedTuple

FIRST = (
    "Anna", "Elin", "Omar", "Sven", "Maja", "Lars", "Fatima", "Erik", "Ingrid", "Johan", "Leila", "Karin",
    "Nils", "Amina", "Gustav", "Sara", "Mikael", "Zainab", "Astrid", "Peter", "Yusuf", "Hanna", "Björn",
    "Linnea", "Tomasz", "Eva", "Henrik", "Nadia", "Oskar", "Ida", "Viktor", "Mei", "Rasmus", "Petra", "Ali",
    "Klara", "Anton", "Jelena", "Magnus", "Frida", "Daniel",
)  # fmt: skip
LAST = (
    "Lindqvist", "Bergström", "Hassan", "Nyberg", "Sandell", "Ekdahl", "Kowalski", "Forsman", "Ahmadi",
    "Lundin", "Wallin", "Öberg", "Nilsson", "Holm", "Rashid", "Sjöberg", "Dahl", "Petrović", "Engström",
    "Åkesson", "Haddad", "Norberg", "Viklund", "Falk", "Tran", "Hedlund", "Månsson", "Grahn", "Yılmaz",
    "Strand", "Palm", "Edvardsson", "Chen", "Rosén", "Backman", "Ceder", "Lind",
)  # fmt: skip
TAGS = ("parcels", "cold", "night", "heavy", "service", "parcels", "spare")
PLATE_LETTERS = "ABCDEFGHJKLMNOPRSTUWXYZ"


class Role(NamedTuple):
    """What the vehicle with this number is called, and who drives it."""

    name: str
    plate: str
    driver: str
    phone: str
    icon: str
    tags: list[str]


def role(number: int) -> Role:
    """The same number is always the same vehicle; the first 1500 are all different."""
    a, b, c = number * 7 + 3, number * 11 + 5, number * 17 + 8
    letters = "".join(PLATE_LETTERS[part % len(PLATE_LETTERS)] for part in (a, b + number // 23, c))
    return Role(
        name=f"{'TRUCK' if number % 5 == 4 else 'VAN'}-{300 + number}",
        plate=f"{letters} {(number * 137 + 211) % 900 + 100}",
        driver=f"{FIRST[number % len(FIRST)]} {LAST[number % len(LAST)]}",
        phone=f"+46 31 390 06 {number % 50:02d}",
        icon="truck" if number % 5 == 4 else "van",
        tags=[TAGS[number % len(TAGS)]],
    )
