"""On PostgreSQL, positions move into a table that is partitioned by month."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def forwards(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor != "postgresql":
        return
    from tracking import partitions

    editor.execute("ALTER TABLE tracking_position RENAME TO position_before")
    editor.execute(
        "CREATE TABLE tracking_position (LIKE position_before, PRIMARY KEY (vehicle_id, time, device_id)) "
        "PARTITION BY RANGE (time)"
    )
    with editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT (extract(epoch FROM date_trunc('month', to_timestamp(time / 1000.0) "
            "AT TIME ZONE 'UTC')) * 1000)::bigint FROM position_before"
        )
        partitions.ensure(row[0] for row in cursor.fetchall())
    editor.execute("INSERT INTO tracking_position SELECT * FROM position_before")
    editor.execute("DROP TABLE position_before")


def backwards(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor != "postgresql":
        return
    editor.execute("ALTER TABLE tracking_position RENAME TO position_by_month")
    editor.execute(
        "CREATE TABLE tracking_position (LIKE position_by_month, PRIMARY KEY (vehicle_id, time, device_id))"
    )
    editor.execute("INSERT INTO tracking_position SELECT * FROM position_by_month")
    editor.execute("DROP TABLE position_by_month")


class Migration(migrations.Migration):
    dependencies = [("tracking", "0005_alert_closing")]
    operations = [migrations.RunPython(forwards, backwards)]
