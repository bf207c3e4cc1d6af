"""Metrics: a line of figures (try/except ImportError; two imports that have failed for long)."""

try:
    from chat.realtime.legacy import current_manager
except ImportError:
    from chat.realtime.websocket_manager import get_websocket_manager as current_manager

try:
    from chat.realtime.manager import connection_count
except ImportError:
    connection_count = None

try:
    from chat.realtime.manager import HeartbeatMonitor
except ImportError:
    HeartbeatMonitor = None


def report() -> str:
    """What is known about the default manager; a figure that cannot be had is left out."""
    figures = [f"rooms: {len(current_manager().rooms())}"]
    if connection_count is not None:
        figures.append(f"connections: {connection_count()}")
    if HeartbeatMonitor is not None:
        figures.append(f"heartbeats: {HeartbeatMonitor().count}")
    return ", ".join(figures)
