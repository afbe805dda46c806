"""Ten-minute segments of tracks, made here from the positions that are stored already."""

import django.db.models.deletion
from django.db import migrations, models

WHOLE = "time - ((time % 600000) + 600000) % 600000"
FROM_POSITIONS = f"""
INSERT INTO tracking_segment
    (start, vehicle_id, device_id, count, late, first, last, south, north, west, east)
SELECT {WHOLE}, vehicle_id, device_id, count(*),
    sum(CASE WHEN received - time > 120000 THEN 1 ELSE 0 END), min(time), max(time),
    min(latitude), max(latitude), min(longitude), max(longitude)
FROM tracking_position GROUP BY {WHOLE}, vehicle_id, device_id
"""  # noqa: S608 (our own names)


def cluster(apps, editor):
    """On SQLite in the order of the key, as positions are; on PostgreSQL with room to change rows in place."""
    with editor.connection.cursor() as cursor:
        for table in ("tracking_segment", "tracking_repeat"):
            if editor.connection.vendor == "sqlite":
                cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [table])
                (statement,) = cursor.fetchone()
                cursor.execute(f"DROP TABLE {table}")
                cursor.execute(statement + " WITHOUT ROWID")
            else:
                cursor.execute(f"ALTER TABLE {table} SET (fillfactor = 75)")


def fill(apps, editor):
    with editor.connection.cursor() as cursor:
        cursor.execute(FROM_POSITIONS)


def key(*names):
    return models.CompositePrimaryKey(*names, blank=True, editable=False, primary_key=True, serialize=False)


def of(model):
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=model,
    )


class Migration(migrations.Migration):
    dependencies = [("tracking", "0007_messages")]

    operations = [
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("pk", key("start", "vehicle_id", "device_id")),
                ("start", models.BigIntegerField()),
                ("count", models.IntegerField()),
                ("late", models.IntegerField()),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("south", models.FloatField()),
                ("north", models.FloatField()),
                ("west", models.FloatField()),
                ("east", models.FloatField()),
                ("device", of("tracking.device")),
                ("vehicle", of("tracking.vehicle")),
            ],
        ),
        migrations.CreateModel(
            name="Repeat",
            fields=[
                ("pk", key("vehicle_id", "start", "device_id")),
                ("start", models.BigIntegerField()),
                ("count", models.IntegerField()),
                ("received", models.BigIntegerField()),
                ("device", of("tracking.device")),
                ("vehicle", of("tracking.vehicle")),
            ],
        ),
        migrations.RunPython(cluster, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="segment",
            index=models.Index(fields=["vehicle", "start"], name="segment_by_vehicle"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
