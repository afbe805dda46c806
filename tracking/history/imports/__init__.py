"""Other people's files as history of a vehicle: read here, checked and stored by the way of every fix."""
