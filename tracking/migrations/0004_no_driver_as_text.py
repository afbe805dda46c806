from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracking", "0003_drivers_become_people")]
    operations = [
        migrations.RemoveField(model_name="vehicle", name="driver_name"),
        migrations.RemoveField(model_name="vehicle", name="phone"),
    ]
