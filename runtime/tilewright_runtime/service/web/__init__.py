"""The web page of a service: its plans, covers, entities and live figures."""
