"""The Django app: finds every ``live.py``, and captures every model where there is one."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class DrfLiveGraphQLConfig(AppConfig):
    """Makes each process of the project, whatever it is for, publish its changes."""

    name = "drf_live_graphql"
    verbose_name = "DRF Live GraphQL"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the live modules of all apps, as the admin does its own."""
        from . import checks  # noqa: F401  # Registers them.
        from .changes import watch_all
        from .conf import check, settings
        from .rest_live.routers import realtime_routers
        from .router import routers

        check()
        autodiscover_modules(settings.AUTODISCOVER)
        for router in routers():
            router.watch()
        for realtime in realtime_routers():
            realtime.watch()
        if routers() or realtime_routers():
            watch_all()
