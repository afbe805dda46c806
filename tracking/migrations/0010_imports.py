from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracking", "0009_drive")]
    operations = []
