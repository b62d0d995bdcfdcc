"""How clients reach the package: HTTP, server-sent events, WebSockets."""

from __future__ import annotations
