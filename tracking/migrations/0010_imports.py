import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0009_drive"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("owner", models.CharField(blank=True, help_text="the run that does it now", max_length=32)),
                ("beat", models.DateTimeField(help_text="when that run last said that it lives", null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("rows_done", models.BigIntegerField(default=0)),
                ("rows_total", models.BigIntegerField(default=0)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("started", models.DateTimeField(null=True)),
                ("finished", models.DateTimeField(null=True)),
                ("detail", models.CharField(blank=True, max_length=500)),
                (
                    "vehicle",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="imports",
                        to="tracking.vehicle",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("user_name", models.CharField(max_length=150)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("reading", "Reading"),
                            ("preview", "Preview"),
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("undoing", "Undoing"),
                            ("undone", "Undone"),
                        ],
                        default="reading",
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(help_text="of the file, as it was uploaded", max_length=200)),
                ("size", models.BigIntegerField()),
                ("time_zone", models.CharField(blank=True, max_length=64)),
                ("speed_unit", models.CharField(blank=True, max_length=8)),
                ("preview", models.JSONField(default=dict)),
                (
                    "start",
                    models.BigIntegerField(
                        help_text="of its first fix, milliseconds since the epoch", null=True
                    ),
                ),
                ("end", models.BigIntegerField(help_text="of its last fix", null=True)),
                ("duplicates", models.BigIntegerField(default=0)),
                ("bad", models.BigIntegerField(default=0)),
                ("undone_by_name", models.CharField(blank=True, max_length=150)),
            ],
            options={
                "ordering": ["-created"],
                "indexes": [models.Index(fields=["status"], name="import_by_status")],
            },
        ),
    ]
