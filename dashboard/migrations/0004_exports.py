import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0003_online_map"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("expired", "Expired"),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                ("formats", models.JSONField(help_text="names of tracking.history.exports.files.FORMATS")),
                ("vehicles", models.JSONField(help_text="their ids")),
                ("start", models.BigIntegerField(help_text="milliseconds since the epoch, included")),
                ("end", models.BigIntegerField(help_text="not included")),
                ("time_zone", models.CharField(help_text="of the person who asked for it", max_length=64)),
                (
                    "file",
                    models.CharField(
                        blank=True, help_text="its name in the folder of exports", max_length=200
                    ),
                ),
                ("size", models.BigIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("manifest", models.JSONField(default=dict)),
                ("expires", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-created", "-pk"],
                "indexes": [
                    models.Index(fields=["user", "-created"], name="export_by_user"),
                    models.Index(fields=["status"], name="export_by_status"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "running")), fields=("user",), name="one_running_export"
                    )
                ],
            },
        ),
    ]
