"""``manage.py worker``: routing and delivering; any number of them, on PostgreSQL."""

from eventhub.management.role_command import RoleCommand
from eventhub.roles import Role


class Command(RoleCommand):
    help = "Routes and delivers; web processes accept and show."
    role = Role.WORKER
