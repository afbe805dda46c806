from tracking.models.alert import Alert
from tracking.models.drive import DriveCode
from tracking.models.driver import Assignment, Driver
from tracking.models.fleet import Fleet, Membership, Role
from tracking.models.message import Message
from tracking.models.position import Latest, Position, Quarantined
from tracking.models.vehicle import Colour, Device, Fitting, Icon, IngestKey, PendingDevice, Vehicle

__all__ = [
    "Alert",
    "Assignment",
    "Colour",
    "Device",
    "DriveCode",
    "Driver",
    "Fitting",
    "Fleet",
    "Icon",
    "IngestKey",
    "Latest",
    "Membership",
    "Message",
    "PendingDevice",
    "Position",
    "Quarantined",
    "Role",
    "Vehicle",
]
