"""``manage.py web``: accepting and showing; any number of them, on PostgreSQL."""

from eventhub.management.role_command import WebRoleCommand
from eventhub.roles import Role


class Command(WebRoleCommand):
    help = "Accepts events and serves the pages; workers route and deliver."
    role = Role.WEB
