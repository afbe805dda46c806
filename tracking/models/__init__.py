from tracking.models.alert import Alert
from tracking.models.fleet import Fleet, Membership, Role
from tracking.models.message import Message
from tracking.models.position import Latest, Position, Quarantined
from tracking.models.vehicle import Device, Vehicle

__all__ = [
    "Alert",
    "Device",
    "Fleet",
    "Latest",
    "Membership",
    "Message",
    "Position",
    "Quarantined",
    "Role",
    "Vehicle",
]
