from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracking", "0006_positions_by_month")]
    operations = []
