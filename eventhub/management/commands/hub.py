"""``manage.py hub``: everything in one process."""

from eventhub.management.role_command import WebRoleCommand
from eventhub.roles import Role


class Command(WebRoleCommand):
    help = "Runs everything in one process: accepts, routes, delivers and shows."
    role = Role.HUB
