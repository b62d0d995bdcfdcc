"""A WSGI server with no event loop anywhere: where most writes of a DRF project happen."""

from __future__ import annotations

from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.management.base import BaseCommand

__all__ = ["Command"]


class ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        return


class Command(BaseCommand):
    requires_system_checks = []
    help = "Serves the test project over WSGI and prints the port."

    def handle(self, *args: Any, **options: Any) -> None:
        from tests.project.wsgi import application

        server = make_server(
            "127.0.0.1", 0, application, server_class=ThreadingServer, handler_class=SilentHandler
        )
        self.stdout.write(str(server.server_port))
        self.stdout.flush()
        server.serve_forever()
