"""Shows a service in the browser.

There are its plans, covers, entities and live figures.
"""
