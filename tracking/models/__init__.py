from tracking.models.alert import Alert
from tracking.models.drive import DriveCode
from tracking.models.driver import Assignment, Driver
from tracking.models.fleet import Fleet, Membership, Role
from tracking.models.imports import Import
from tracking.models.job import Job
from tracking.models.message import Broadcast, Message, Note
from tracking.models.position import Latest, Position, Quarantined, Repeat, Segment
from tracking.models.vehicle import Colour, Device, Fitting, Icon, IngestKey, PendingDevice, Vehicle

__all__ = [
    "Alert",
    "Assignment",
    "Broadcast",
    "Colour",
    "Device",
    "DriveCode",
    "Driver",
    "Fitting",
    "Fleet",
    "Icon",
    "Import",
    "IngestKey",
    "Job",
    "Latest",
    "Membership",
    "Message",
    "Note",
    "PendingDevice",
    "Position",
    "Quarantined",
    "Repeat",
    "Role",
    "Segment",
    "Vehicle",
]
