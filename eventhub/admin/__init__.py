"""Configuring in Django's admin, and looking through the journal there.

One module per thing: ``buses``, ``rules``, ``targets``, ``keys`` to change; ``happened`` to read. All that is
changed here is judged by the models' ``full_clean``, as over REST, recorded with who changed it, and in force
when the page is back. The looks are in ``templates/admin`` and ``static/css``.
"""

from django.contrib import admin

from eventhub.admin import buses, happened, keys, rules, targets

__all__ = ["buses", "happened", "keys", "rules", "targets"]

admin.site.site_header = "Eventhub"
admin.site.site_title = "Eventhub"
admin.site.index_title = "Configuration"
admin.site.site_url = "/flow"
