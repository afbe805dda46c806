import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0008_segments")]
    operations = [
        migrations.AddField(
            model_name="device",
            name="stopped",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="DriveCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of the code, hexadecimal", max_length=64, unique=True
                    ),
                ),
                ("created", models.DateTimeField()),
                ("expires", models.DateTimeField(db_index=True)),
                ("used", models.DateTimeField(null=True)),
                (
                    "claim",
                    models.CharField(blank=True, help_text="SHA-256, hexadecimal", max_length=64),
                ),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drive_codes",
                        to="tracking.device",
                    ),
                ),
            ],
            options={"ordering": ["-created"]},
        ),
    ]
