"""What stood as text at a vehicle becomes a driver of its fleet, assigned from now on."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils.timezone import now


def forwards(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    vehicle_model = apps.get_model("tracking", "Vehicle")
    driver_model = apps.get_model("tracking", "Driver")
    assignment_model = apps.get_model("tracking", "Assignment")
    for vehicle in vehicle_model.objects.exclude(driver_name=""):
        vehicle.driver = driver_model.objects.create(
            fleet_id=vehicle.fleet_id, name=vehicle.driver_name, phone=vehicle.phone
        )
        vehicle.save(update_fields=["driver"])
        assignment_model.objects.create(driver=vehicle.driver, vehicle=vehicle, start=now())


def backwards(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    vehicle_model = apps.get_model("tracking", "Vehicle")
    for vehicle in vehicle_model.objects.exclude(driver=None).select_related("driver"):
        vehicle.driver_name, vehicle.phone = vehicle.driver.name, vehicle.driver.phone
        vehicle.save(update_fields=["driver_name", "phone"])


class Migration(migrations.Migration):
    dependencies = [("tracking", "0002_people_and_devices")]
    operations = [migrations.RunPython(forwards, backwards)]
