import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def known_replies_are_opened(apps, _schema_editor):
    """What was there before nobody has to open any more."""
    message = apps.get_model("tracking", "Message")
    message.objects.filter(kind__in=["reply", "say"]).update(opened=models.F("created"))


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0006_positions_by_month"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Broadcast",
            fields=[
                ("id", models.CharField(max_length=26, primary_key=True, serialize=False)),
                ("author_name", models.CharField(blank=True, max_length=150)),
                ("text", models.CharField(max_length=2000)),
                ("replies", models.JSONField(default=list)),
                ("target", models.JSONField(default=dict)),
                ("client_id", models.CharField(max_length=64, null=True)),
                ("created", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created"],
                "constraints": [
                    models.UniqueConstraint(fields=("author", "client_id"), name="broadcast_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "vehicle",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="note",
                        serialize=False,
                        to="tracking.vehicle",
                    ),
                ),
                ("text", models.CharField(blank=True, max_length=2000)),
                ("by_name", models.CharField(blank=True, max_length=150)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveIndex(model_name="message", name="message_open"),
        migrations.AddField(model_name="message", name="args", field=models.JSONField(default=dict)),
        migrations.AddField(model_name="message", name="ended", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="message", name="opened", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="message",
            name="opened_by_name",
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AddField(
            model_name="message",
            name="resends",
            field=models.CharField(max_length=160, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("message", "Message"),
                    ("reply", "Reply"),
                    ("say", "Say"),
                    ("command", "Command"),
                ],
                default="message",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="status",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (0, "queued"),
                    (1, "sent"),
                    (2, "failed"),
                    (3, "expired"),
                    (4, "cancelled"),
                    (5, "delivered"),
                    (6, "read"),
                    (7, "failed"),
                    (8, "done"),
                ],
                default=0,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="broadcast",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="messages",
                to="tracking.broadcast",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("status__lt", 2)), fields=["vehicle", "number"], name="message_open"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("device__isnull", False), ("opened", None)),
                fields=["vehicle"],
                name="message_unread",
            ),
        ),
        migrations.AddIndex(
            model_name="message", index=models.Index(fields=["created"], name="message_created")
        ),
        migrations.RunPython(known_replies_are_opened, migrations.RunPython.noop, elidable=True),
    ]
