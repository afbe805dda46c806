from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracking", "0007_messages")]
    operations = []
